using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Weights;

/// <summary>
/// Hands a model its weights by name, each checked against the shape that the architecture asks for. Matrices stay where they lie in the
/// mapped files, unless they are to be recoded; only vectors (norms, biases) are decoded.
/// </summary>
public sealed class TensorSource
{
    private readonly IReadOnlyDictionary<string, CheckpointTensor> _tensors;
    private readonly string _path;
    private readonly IsaLevel _isa;
    private readonly ResidentRecoder? _recoder;
    private readonly Dictionary<ByteRegion, WeightStorage> _storages = [];
    private readonly Dictionary<WeightStorage, WeightGroup> _groups = [];
    private readonly List<NamedMatrices> _matrices = [];

    /// <param name="path">The checkpoint's path, for messages.</param>
    /// <param name="recoder">Recodes what every token needs, or null to leave all weights as they are.</param>
    public TensorSource(IReadOnlyDictionary<string, CheckpointTensor> tensors, string path, IsaLevel isa, ResidentRecoder? recoder = null)
    {
        _tensors = tensors;
        _path = path;
        _isa = isa;
        _recoder = recoder;
    }

    /// <summary>The mapped matrices handed out so far, by the bytes that they share.</summary>
    public IReadOnlyCollection<WeightGroup> Groups => _groups.Values;

    /// <summary>The matrices handed out so far, by tensor.</summary>
    public IReadOnlyList<NamedMatrices> Matrices => _matrices;

    /// <summary>Tells that products with a tensor go through views of its matrix.</summary>
    /// <param name="views">Their rows together, or those of one where all read the same input.</param>
    public void NameViews(string name, params IReadOnlyList<WeightMatrix> views) => _matrices.Add(new NamedMatrices(name, views));

    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>Shape of a tensor, or null where it is absent.</summary>
    public IReadOnlyList<long>? ShapeOf(string name) => _tensors.TryGetValue(name, out var tensor) ? tensor.Shape : null;

    /// <summary>Stacked vectors [count, length] as float32, or null where the tensor is absent.</summary>
    public float[][]? OptionalVectors(string name, long count, long length)
    {
        if (!Contains(name))
        {
            return null;
        }

        var tensor = Find(name);
        RequireShape(tensor, count, length);
        return Array.ConvertAll(CreateMapped(tensor, count, 1, length, WeightUse.Once), vector =>
        {
            var values = new float[length];
            vector.DecodeRow(0, values);
            return values;
        });
    }

    /// <summary>A matrix [rows, columns].</summary>
    /// <param name="keepRows">Whether some products are transposed, so that its rows stay in memory beside any panels.</param>
    /// <exception cref="CheckpointException">It is absent, has another shape, or a type without kernels.</exception>
    public WeightMatrix Matrix(string name, long rows, long columns, bool keepRows = false)
    {
        var tensor = Find(name);
        RequireShape(tensor, rows, columns);
        return Create(tensor, 1, rows, columns, keepRows)[0];
    }

    /// <summary>The same, or null where the tensor is absent.</summary>
    public WeightMatrix? OptionalMatrix(string name, long rows, long columns) => Contains(name) ? Matrix(name, rows, columns) : null;

    /// <summary>A matrix whose rows are looked up, not multiplied: it is never recoded.</summary>
    public WeightMatrix Table(string name, long rows, long columns)
    {
        var tensor = Find(name);
        RequireShape(tensor, rows, columns);
        return CreateMapped(tensor, 1, rows, columns, WeightUse.Table)[0];
    }

    /// <summary>The same where nothing may be read from the mapping later: a table that is no <see cref="RowFile"/> moves to memory with what every token needs.</summary>
    public WeightMatrix UnmappedTable(string name, long rows, long columns)
    {
        var tensor = Find(name);
        RequireShape(tensor, rows, columns);
        return CreateMapped(tensor, 1, rows, columns, RowFile.CanRead(tensor) ? WeightUse.Table : WeightUse.ProductsAlongBothAxes)[0];
    }

    /// <summary>Stacked matrices [count, rows, columns], one view each.</summary>
    /// <param name="keepRows">As for <see cref="Matrix"/>.</param>
    public WeightMatrix[] Stack(string name, long count, long rows, long columns, bool keepRows = false)
    {
        var tensor = Find(name);
        RequireShape(tensor, count, rows, columns);
        return Create(tensor, count, rows, columns, keepRows);
    }

    /// <summary>The same for matrices whose bytes are read from the drive into other memory: they are never moved, and products never read these views.</summary>
    public WeightMatrix[] StreamedStack(string name, long count, long rows, long columns)
    {
        var tensor = Find(name);
        RequireShape(tensor, count, rows, columns);
        var matrices = CreateMapped(tensor, count, rows, columns, WeightUse.Streamed);
        _matrices.Add(new NamedMatrices(tensor.Name, matrices));
        return matrices;
    }

    /// <summary>A vector [length] as float32.</summary>
    public float[] Vector(string name, long length)
    {
        var tensor = Find(name);
        RequireShape(tensor, length);
        return Decode(tensor, length);
    }

    public float[]? OptionalVector(string name, long length) => Contains(name) ? Vector(name, length) : null;

    private static float[] Decode(CheckpointTensor tensor, long length)
    {
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
        catch (Exception exception) when (exception is NotSupportedException or InvalidOperationException)
        {
            ThrowUnsupported(tensor, exception);
        }

        return values;
    }

    private CheckpointTensor Find(string name)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
        {
            ThrowMissing(name);
        }

        return tensor;
    }

    private WeightMatrix[] Create(CheckpointTensor tensor, long count, long rows, long columns, bool keepRows)
    {
        var matrices = CreateOrRecode(tensor, count, rows, columns, keepRows ? WeightUse.ProductsAlongBothAxes : WeightUse.Products);
        _matrices.Add(new NamedMatrices(tensor.Name, matrices));
        return matrices;
    }

    private WeightMatrix[] CreateOrRecode(CheckpointTensor tensor, long count, long rows, long columns, WeightUse use)
    {
        if (_recoder?.TypeOf(tensor, columns) is not { } type)
        {
            return CreateMapped(tensor, count, rows, columns, use);
        }

        var mapped = CreateMapped(tensor, count, rows, columns, WeightUse.Once);
        try
        {
            return Array.ConvertAll(mapped, matrix => _recoder.Recode(matrix, type));
        }
        catch (ArgumentException exception)
        {
            ThrowUnsupported(tensor, exception);
            throw;
        }
    }

    private WeightMatrix[] CreateMapped(CheckpointTensor tensor, long count, long rows, long columns, WeightUse use)
    {
        if (rows > int.MaxValue || columns > int.MaxValue)
        {
            ThrowTooLarge(tensor);
        }

        try
        {
            var matrices = new WeightMatrix[count];
            for (var i = 0; i < matrices.Length; i++)
            {
                matrices[i] = Join(tensor, i, (int)rows, (int)columns, use);
            }

            return matrices;
        }
        catch (Exception exception) when (exception is NotSupportedException or ArgumentException)
        {
            ThrowUnsupported(tensor, exception);
            throw;
        }
    }

    private WeightMatrix Join(CheckpointTensor tensor, int index, int rows, int columns, WeightUse use)
    {
        var count = tensor.PartsPerMatrix;
        if (count == 1)
        {
            return Create(tensor, PartOf(tensor, index, rows, columns), rows, columns, use);
        }

        var (partRows, partColumns) = tensor.PartAxis == PartAxis.Rows ? (rows / count, columns) : (rows, columns / count);
        var parts = Enumerable.Range(index * count, count).Select(i => Create(tensor, tensor.Parts[i], partRows, partColumns, use)).ToArray();
        return tensor.PartAxis == PartAxis.Rows ? WeightMatrix.ConcatRows(parts) : WeightMatrix.ConcatColumns(parts);
    }

    // A stack in one part holds its matrices one after another.
    private static TensorPart PartOf(CheckpointTensor tensor, int index, int rows, int columns)
    {
        var part = tensor.Parts[tensor.Parts.Count == 1 ? 0 : index];
        var bytes = rows * tensor.DType.Layout().RowBytes(columns);
        return tensor.Parts.Count > 1 || part.Codes.Length == bytes || tensor.DType.HasSplitScales() || part.RowStep > 1
            ? part
            : part with { Codes = part.Codes.Slice(index * bytes, bytes), Offset = part.Offset + (index * bytes), CodesContainer = part.CodesContainer };
    }

    private WeightMatrix Create(CheckpointTensor tensor, TensorPart part, int rows, int columns, WeightUse use)
    {
        var bytes = new MatrixBytes(tensor.DType, part.Codes, part.Scales, rows, columns, part.RowStep);
        if (use is WeightUse.Once or WeightUse.Table or WeightUse.Streamed || !part.IsMapped)
        {
            return WeightMatrix.Create(bytes, _isa);
        }

        var codes = StorageOf(part.CodesContainer);
        var scales = part.Scales.Length > 0 ? StorageOf(part.ScalesContainer) : null;
        var matrix = WeightMatrix.Create(bytes, codes, scales, _isa);
        if (!_groups.TryGetValue(codes, out var group))
        {
            _groups.Add(codes, group = new WeightGroup());
        }

        group.Add(matrix, codes, scales);
        group.KeepsRows |= use == WeightUse.ProductsAlongBothAxes;
        return matrix;
    }

    private WeightStorage StorageOf(ByteRegion container)
    {
        if (!_storages.TryGetValue(container, out var storage))
        {
            _storages.Add(container, storage = new WeightStorage(container));
        }

        return storage;
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

    /// <summary>What a matrix is for.</summary>
    private enum WeightUse
    {
        /// <summary>Products.</summary>
        Products,

        /// <summary>Products and transposed products.</summary>
        ProductsAlongBothAxes,

        /// <summary>Rows are looked up: it stays in the file.</summary>
        Table,

        /// <summary>It is read into other memory, piece by piece.</summary>
        Streamed,

        /// <summary>It is read once, while the model loads.</summary>
        Once,
    }
}
