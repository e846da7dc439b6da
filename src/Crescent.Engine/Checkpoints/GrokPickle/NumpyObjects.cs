using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>
/// The names, calls and states that a pickled numpy array or QuantizedWeight8bit is made of. An array is <c>_reconstruct(ndarray, (0,), b'b')</c>
/// with the state <c>(1, shape, dtype, fortran, bytes)</c>; its dtype <c>dtype('f4', False, True)</c> or <c>dtype(bfloat16, False, True)</c> with
/// <c>(3, order, None, None, None, size, alignment, flags)</c> (numpy 1.24 core/src/multiarray: methods.c array_reduce, descriptor.c arraydescr_reduce).
/// </summary>
internal sealed class NumpyObjects(PickleCursor cursor, ByteRegion bytes)
{
    private const int MaxRank = 8;

    public PickleGlobal Global(long at, string module, string name)
    {
        PickleName? known = (module, name) switch
        {
            ("numpy.core.multiarray" or "numpy._core.multiarray", "_reconstruct") => PickleName.Reconstruct,
            ("numpy", "ndarray") => PickleName.NdArray,
            ("numpy", "dtype") => PickleName.DType,
            ("ml_dtypes" or "jax.numpy" or "jaxlib.xla_extension", "bfloat16") => PickleName.BFloat16,
            ("__main__" or "model", "QuantizedWeight8bit") => PickleName.QuantizedWeight8bit,
            _ => null,
        };
        if (known is null)
        {
            cursor.Throw(at, "global", "numpy's arrays, bfloat16 or QuantizedWeight8bit", $"'{FileText.Escape(module)}.{FileText.Escape(name)}'; nothing of it was run");
        }

        return new PickleGlobal(known.Value);
    }

    public PickleValue Reduce(long at, PickleValue function, PickleValue arguments)
    {
        var call = (Name(function), (arguments as PickleTuple)?.Items);
        switch (call)
        {
            case (PickleName.Reconstruct, [PickleGlobal { Name: PickleName.NdArray }, PickleTuple { Items: [PickleInteger { Value: 0 }] }, PickleBytes { Length: 1 }]):
                return new NumpyArray();
            case (PickleName.DType, [PickleGlobal { Name: PickleName.BFloat16 }, var align, var copy]) when IsFlag(align, false) && IsFlag(copy, true):
                return new NumpyType(GrokType.BF16);
            case (PickleName.DType, [PickleText code, var align, var copy]) when IsFlag(align, false) && IsFlag(copy, true):
                return new NumpyType(Type(at, code));
            default:
                cursor.Throw(at, "call", "_reconstruct(ndarray, (0,), b'b') or dtype(type, False, True)", $"{function} with {Describe(arguments)}");
                return null;
        }
    }

    public PickleValue New(long at, PickleValue type, PickleValue arguments)
    {
        if (Name(type) != PickleName.QuantizedWeight8bit || arguments is not PickleTuple { Items: [] })
        {
            cursor.Throw(at, "new object", "QuantizedWeight8bit without arguments", $"{type} with {Describe(arguments)}");
        }

        return new PickledQuantizedWeight();
    }

    public void Build(long at, PickleValue target, PickleValue state)
    {
        switch (target)
        {
            case NumpyType { IsComplete: false } type:
                BuildType(at, type, state);
                break;
            case NumpyArray { Array: null } array:
                array.Array = BuildArray(at, state);
                break;
            case PickledQuantizedWeight { Weight: null } quantized:
                BuildQuantized(at, quantized, state);
                break;
            default:
                cursor.Throw(at, "state", "an object without one", target.ToString());
                break;
        }
    }

    private void BuildType(long at, NumpyType type, PickleValue state)
    {
        var isLittle = state is PickleTuple
        {
            Items: [PickleInteger { Value: 3 }, PickleText { Value: var order }, PickleNone, PickleNone, PickleNone, PickleInteger { Value: var size }, PickleInteger, PickleInteger],
        }
            && (order is "<" || (order is "|" && type.Type == GrokType.I8))
            && (size == -1 || size == type.Type.Bytes());
        if (!isLittle)
        {
            cursor.Throw(at, $"state of {type}", $"(3, '{(type.Type == GrokType.I8 ? '|' : '<')}', None, None, None, -1 or {type.Type.Bytes()}, …): little-endian values", Describe(state));
        }

        type.IsComplete = true;
    }

    private GrokArray BuildArray(long at, PickleValue state)
    {
        if (state is not PickleTuple
            {
                Items: [PickleInteger { Value: 1 }, PickleTuple { Items: var shape }, NumpyType { IsComplete: true, Type: var type }, var fortran, PickleBytes payload],
            })
        {
            cursor.Throw(at, "state of an array", "(1, shape, dtype, False, bytes)", Describe(state));
            return null;
        }

        if (!IsFlag(fortran, false))
        {
            cursor.Throw(at, "order of an array", "rows (fortran flag False)", $"columns ({fortran})");
        }

        var lengths = Shape(at, shape);
        if (!TryMultiply(lengths, type.Bytes(), out var expected) || expected != payload.Length)
        {
            cursor.Throw(payload.Offset, "bytes of an array", $"[{string.Join(", ", lengths)}] values of {type}", $"{payload.Length} bytes");
        }

        return new GrokArray(type, lengths, bytes.Slice(payload.Offset, payload.Length), payload.Offset);
    }

    private void BuildQuantized(long at, PickledQuantizedWeight quantized, PickleValue state)
    {
        if (state is not PickleDictionary { Items: { Count: 2 } fields }
            || fields.GetValueOrDefault("weight") is not NumpyArray { Array: { Type: GrokType.I8 } weight }
            || fields.GetValueOrDefault("scales") is not NumpyArray { Array: { Type: GrokType.BF16 or GrokType.F32 } scales })
        {
            cursor.Throw(at, "state of QuantizedWeight8bit", "weight, an array of I8, and scales, an array of BF16 or F32", Describe(state));
            return;
        }

        (quantized.Weight, quantized.Scales) = (weight, scales);
    }

    private GrokType Type(long at, PickleText code)
    {
        switch (code.Value)
        {
            case "f4":
                return GrokType.F32;
            case "i1":
                return GrokType.I8;
            default:
                cursor.Throw(at, "dtype", "f4, i1 or bfloat16", code.ToString());
                return default;
        }
    }

    private long[] Shape(long at, IReadOnlyList<PickleValue> shape)
    {
        if (shape.Count > MaxRank || shape.Any(length => length is not PickleInteger { Value: > 0 }))
        {
            cursor.Throw(at, "shape of an array", $"at most {MaxRank} lengths above 0", $"({string.Join(", ", shape.Take(MaxRank + 1))})");
        }

        return [.. shape.Select(length => ((PickleInteger)length).Value)];
    }

    private static bool TryMultiply(long[] shape, long size, out long product)
    {
        product = size;
        foreach (var length in shape)
        {
            if (length > long.MaxValue / product)
            {
                return false;
            }

            product *= length;
        }

        return true;
    }

    private static PickleName? Name(PickleValue value) => (value as PickleGlobal)?.Name;

    private static bool IsFlag(PickleValue value, bool expected) =>
        value is PickleBool flag ? flag.Value == expected : value is PickleInteger integer && integer.Value == (expected ? 1 : 0);

    // One level deep: a hostile pickle may nest tuples without end.
    private static string Describe(PickleValue value) => value switch
    {
        PickleTuple tuple => $"({string.Join(", ", tuple.Items.Take(8))}{(tuple.Items.Count > 8 ? ", …" : "")})",
        PickleDictionary dictionary => $"{{{string.Join(", ", dictionary.Items.Take(8).Select(pair => $"'{FileText.Escape(pair.Key)}': {pair.Value}"))}}}",
        _ => value.ToString(),
    };
}
