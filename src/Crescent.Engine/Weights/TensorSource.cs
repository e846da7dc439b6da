using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Weights;

/// <summary>
/// Hands a model its weights by name, each checked against the shape that the architecture asks for. Matrices stay where they lie in the
/// mapped file; only vectors (norms, biases) are decoded.
/// </summary>
public sealed class TensorSource
{
    private readonly IReadOnlyDictionary<string, CheckpointTensor> _tensors;
    private readonly string _path;
    private readonly IsaLevel _isa;
    private readonly Dictionary<string, WeightStorage> _storages = [];

    /// <param name="path">The checkpoint's path, for messages.</param>
    public TensorSource(IReadOnlyDictionary<string, CheckpointTensor> tensors, string path, IsaLevel isa)
    {
        _tensors = tensors;
        _path = path;
        _isa = isa;
    }

    /// <summary>The storages of all matrices handed out so far.</summary>
    public IReadOnlyCollection<WeightStorage> Storages => _storages.Values;

    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>Shape of a tensor, or null where it is absent.</summary>
    public IReadOnlyList<long>? ShapeOf(string name) => _tensors.TryGetValue(name, out var tensor) ? tensor.Shape : null;

    /// <summary>Stacked vectors [count, length] as float32, or null where the tensor is absent.</summary>
    public float[][]? OptionalVectors(string name, long count, long length) =>
        Contains(name)
            ? [.. Stack(name, count, 1, length).Select(row =>
            {
                var values = new float[length];
                row.DecodeRow(0, values);
                return values;
            })]
            : null;

    /// <summary>A matrix [rows, columns].</summary>
    /// <exception cref="CheckpointException">It is absent, has another shape, or a type without kernels.</exception>
    public WeightMatrix Matrix(string name, long rows, long columns)
    {
        var tensor = Find(name);
        RequireShape(tensor, rows, columns);
        return Create(tensor, 0, rows, columns);
    }

    /// <summary>The same, or null where the tensor is absent.</summary>
    public WeightMatrix? OptionalMatrix(string name, long rows, long columns) => Contains(name) ? Matrix(name, rows, columns) : null;

    /// <summary>Stacked matrices [count, rows, columns], one view each.</summary>
    public WeightMatrix[] Stack(string name, long count, long rows, long columns)
    {
        var tensor = Find(name);
        RequireShape(tensor, count, rows, columns);
        var matrices = new WeightMatrix[count];
        for (var i = 0; i < matrices.Length; i++)
        {
            matrices[i] = Create(tensor, i, rows, columns);
        }

        return matrices;
    }

    /// <summary>A vector [length] as float32.</summary>
    public float[] Vector(string name, long length)
    {
        var tensor = Find(name);
        RequireShape(tensor, length);
        var values = new float[length];
        try
        {
            var bytes = tensor.Bytes.Span(0, checked((int)tensor.Bytes.Length));
            if (tensor.DType == DType.F32)
            {
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
            }
            else
            {
                RowCodec.Decode(tensor.DType, bytes, values);
            }
        }
        catch (NotSupportedException exception)
        {
            ThrowUnsupported(tensor, exception);
        }

        return values;
    }

    public float[]? OptionalVector(string name, long length) => Contains(name) ? Vector(name, length) : null;

    private CheckpointTensor Find(string name)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
        {
            ThrowMissing(name);
        }

        return tensor;
    }

    private WeightMatrix Create(CheckpointTensor tensor, int index, long rows, long columns)
    {
        if (rows > int.MaxValue || columns > int.MaxValue)
        {
            ThrowTooLarge(tensor);
        }

        try
        {
            var bytes = rows * tensor.DType.Layout().RowBytes(columns);
            if (!_storages.TryGetValue(tensor.Name, out var storage))
            {
                _storages.Add(tensor.Name, storage = new WeightStorage(tensor.Bytes));
            }

            return WeightMatrix.Create(tensor.DType, storage, index * bytes, (int)rows, (int)columns, _isa);
        }
        catch (Exception exception) when (exception is NotSupportedException or ArgumentException)
        {
            ThrowUnsupported(tensor, exception);
            throw;
        }
    }

    private static void RequireShape(CheckpointTensor tensor, params ReadOnlySpan<long> expected)
    {
        // Writers drop or add axes of length 1: only the others count.
        var found = tensor.Shape.Where(length => length != 1).ToArray();
        var wanted = expected.ToArray().Where(length => length != 1).ToArray();
        if (!found.AsSpan().SequenceEqual(wanted))
        {
            throw new CheckpointException(
                $"{tensor.File}: tensor '{tensor.Name}' at offset {tensor.Offset}: expected shape [{string.Join(", ", expected.ToArray())}], found [{string.Join(", ", tensor.Shape)}]");
        }
    }

    [DoesNotReturn]
    private void ThrowMissing(string name) =>
        throw new CheckpointException($"{_path}: expected a tensor '{name}', found none among {_tensors.Count}");

    [DoesNotReturn]
    private static void ThrowUnsupported(CheckpointTensor tensor, Exception exception) =>
        throw new CheckpointException($"{tensor.File}: tensor '{tensor.Name}' at offset {tensor.Offset}: {exception.Message}", exception);

    [DoesNotReturn]
    private static void ThrowTooLarge(CheckpointTensor tensor) =>
        throw new CheckpointException($"{tensor.File}: tensor '{tensor.Name}': expected at most {int.MaxValue} rows and columns, found [{string.Join(", ", tensor.Shape)}]");
}
