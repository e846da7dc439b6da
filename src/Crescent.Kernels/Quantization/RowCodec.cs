using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Crescent.Kernels.Quantization.Encoders;

namespace Crescent.Kernels.Quantization;

/// <summary>Rows of tensors to floats and back, value by value in reference code. The products have their own, faster decode.</summary>
public static class RowCodec
{
    /// <summary>The types that <see cref="Decode"/> and the products read.</summary>
    public static IReadOnlyList<DType> Supported { get; } =
    [
        DType.F32, DType.F16, DType.BF16,
        DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q8_0, DType.IQ4_NL, DType.MXFP4,
        DType.Q2_K, DType.Q3_K, DType.Q4_K, DType.Q5_K, DType.Q6_K, DType.IQ4_XS,
        DType.IQ2_XXS, DType.IQ2_XS, DType.IQ2_S, DType.IQ3_XXS, DType.IQ3_S, DType.IQ1_S, DType.IQ1_M, DType.TQ1_0, DType.TQ2_0,
    ];

    /// <summary>Decodes a row.</summary>
    /// <exception cref="ArgumentException">The row is not the size that its values take.</exception>
    /// <exception cref="NotSupportedException">The type cannot be decoded.</exception>
    public static void Decode(DType dtype, ReadOnlySpan<byte> row, Span<float> values)
    {
        switch (dtype)
        {
            case DType.F32: Decode<F32>(row, values); break;
            case DType.F16: Decode<F16>(row, values); break;
            case DType.BF16: Decode<BF16>(row, values); break;
            case DType.Q4_0: Decode<Q4_0>(row, values); break;
            case DType.Q4_1: Decode<Q4_1>(row, values); break;
            case DType.Q5_0: Decode<Q5_0>(row, values); break;
            case DType.Q5_1: Decode<Q5_1>(row, values); break;
            case DType.Q8_0: Decode<Q8_0>(row, values); break;
            case DType.IQ4_NL: Decode<IQ4_NL>(row, values); break;
            case DType.MXFP4: Decode<MXFP4>(row, values); break;
            case DType.Q2_K: Decode<Q2_K>(row, values); break;
            case DType.Q3_K: Decode<Q3_K>(row, values); break;
            case DType.Q4_K: Decode<Q4_K>(row, values); break;
            case DType.Q5_K: Decode<Q5_K>(row, values); break;
            case DType.Q6_K: Decode<Q6_K>(row, values); break;
            case DType.IQ4_XS: Decode<IQ4_XS>(row, values); break;
            case DType.IQ2_XXS: Decode<IQ2_XXS>(row, values); break;
            case DType.IQ2_XS: Decode<IQ2_XS>(row, values); break;
            case DType.IQ2_S: Decode<IQ2_S>(row, values); break;
            case DType.IQ3_XXS: Decode<IQ3_XXS>(row, values); break;
            case DType.IQ3_S: Decode<IQ3_S>(row, values); break;
            case DType.IQ1_S: Decode<IQ1_S>(row, values); break;
            case DType.IQ1_M: Decode<IQ1_M>(row, values); break;
            case DType.TQ1_0: Decode<TQ1_0>(row, values); break;
            case DType.TQ2_0: Decode<TQ2_0>(row, values); break;
            default: ThrowUnsupported(dtype, "decoded", Supported); break;
        }
    }

    /// <summary>Whether <see cref="Encode(DType, ReadOnlySpan{float}, Span{byte})"/> makes this type.</summary>
    public static bool CanEncode(DType dtype) => RowEncoder.Supports(dtype);

    /// <summary>Encodes a row as upstream's reference quantiser does.</summary>
    /// <inheritdoc cref="Encode(DType, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{byte})" path="/exception"/>
    public static void Encode(DType dtype, ReadOnlySpan<float> values, Span<byte> row) => Encode(dtype, values, default, row);

    /// <summary>Encodes a row, so that the errors of important columns are the smaller ones. Float formats, Q8_0 and MXFP4 take no notice of importance.</summary>
    /// <param name="values">[columns]</param>
    /// <param name="importance">[columns?] weights of the columns' squared errors, none negative; empty: all alike, encoded by the reference quantiser.</param>
    /// <exception cref="ArgumentException">The row is not the size that its values take; a value is not finite, or so large that a half-precision scale
    /// would be infinite; the weights are not one a column, finite and 0 or larger.</exception>
    /// <exception cref="NotSupportedException">The type cannot be encoded.</exception>
    public static void Encode(DType dtype, ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> row)
    {
        if (!CanEncode(dtype))
        {
            ThrowUnsupported(dtype, "encoded", [.. Supported.Where(CanEncode)]);
        }

        CheckSize(dtype, row.Length, values.Length);
        RowEncoder.Encode(dtype, values, importance, row);
    }

    private static void Decode<TBlock>(ReadOnlySpan<byte> row, Span<float> values)
        where TBlock : unmanaged, IQuantBlock<TBlock>
    {
        CheckSize(TBlock.DType, row.Length, values.Length);
        foreach (ref readonly var block in MemoryMarshal.Cast<byte, TBlock>(row))
        {
            TBlock.Decode(block, values);
            values = values[TBlock.Length..];
        }
    }

    private static void CheckSize(DType dtype, int bytes, int values)
    {
        var layout = dtype.Layout();
        if (values % layout.BlockLength != 0 || layout.RowBytes(values) != bytes)
        {
            ThrowSize(dtype, bytes, values);
        }
    }

    [DoesNotReturn]
    private static void ThrowSize(DType dtype, int bytes, int values) =>
        throw new ArgumentException(
            $"a {dtype} row of {values} values does not take {bytes} bytes: {dtype.Layout().BlockLength} values take {dtype.Layout().BlockBytes}");

    [DoesNotReturn]
    private static void ThrowUnsupported(DType dtype, string what, IReadOnlyList<DType> supported) =>
        throw new NotSupportedException($"{DTypes.Describe((int)dtype)} cannot be {what}; supported: {string.Join(", ", supported)}");
}
