using System.Diagnostics.CodeAnalysis;
using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Kernels;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>
/// Finds a model's published tensors and gives them GGUF's names. It knows the forms a matrix is published in: plain, block FP8 with
/// <c>weight_scale_inv</c>, INT4 as <c>weight_packed</c> with <c>weight_scale</c>, MXFP4 as <c>_blocks</c> with <c>_scales</c>.
/// </summary>
internal sealed class HfTensorMap(SafetensorsFolder folder, string path, string prefix)
{
    private const int TileLength = 128;
    private const int GroupLength = 32;
    private const int MostDecodedValues = 1 << 26; // of tensors that are copied: no published one has a million

    private readonly SafetensorsFolder _folder = folder;
    private readonly string _path = path;
    private readonly string _prefix = prefix; // of all published names, e.g. language_model.

    private readonly Dictionary<string, CheckpointTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>What has been mapped so far.</summary>
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <summary>Whether a published tensor is there.</summary>
    public bool Contains(string source) => _folder.Tensors.ContainsKey(_prefix + source);

    /// <summary>Whether a published matrix is there in any form.</summary>
    public bool ContainsMatrix(string source) => Contains($"{source}.weight") || Contains($"{source}.weight_packed");

    /// <summary>A tensor as it is, vectors for the most part.</summary>
    public void Plain(string name, string source)
    {
        var tensor = Find(source);
        Add(name, PlainType(tensor), tensor.Shape, [Part(tensor)]);
    }

    public void OptionalPlain(string name, string source)
    {
        if (Contains(source))
        {
            Plain(name, source);
        }
    }

    /// <summary>A matrix in whatever form it was published, without the suffix <c>.weight</c>.</summary>
    /// <param name="axis">Along which axis the file's tensor-parallel shards are joined, where it has any.</param>
    public void Matrix(string name, string source, PartAxis axis = PartAxis.Rows) => Stack(name, [source], axis, stacked: false);

    public void OptionalMatrix(string name, string source)
    {
        if (ContainsMatrix(source))
        {
            Matrix(name, source);
        }
    }

    /// <summary>A matrix and its bias.</summary>
    /// <param name="hasBias">Whether the bias must be there; it is taken wherever it is.</param>
    public void Linear(string name, string source, bool hasBias)
    {
        Matrix($"{name}.weight", source);
        if (hasBias || Contains($"{source}.bias"))
        {
            Plain($"{name}.bias", $"{source}.bias");
        }
    }

    /// <summary>Matrices of one shape and form, published apart, as one stack.</summary>
    public void Stack(string name, IReadOnlyList<string> sources, PartAxis axis = PartAxis.Rows, bool stacked = true)
    {
        var first = Form(sources[0], axis);
        var parts = new List<TensorPart>(first.Parts);
        foreach (var source in sources.Skip(1))
        {
            var next = Form(source, axis);
            if (next.DType != first.DType || next.Rows != first.Rows || next.Columns != first.Columns || next.Parts.Count != first.Parts.Count)
            {
                throw new CheckpointException(
                    $"{next.Parts[0].File}: tensor '{_prefix}{source}' at offset {next.Parts[0].Offset}: expected {first.DType} [{first.Rows}, {first.Columns}] in {first.Parts.Count} parts as '{_prefix}{sources[0]}', found {next.DType} [{next.Rows}, {next.Columns}] in {next.Parts.Count}");
            }

            parts.AddRange(next.Parts);
        }

        Add(name, first.DType, stacked ? [sources.Count, first.Rows, first.Columns] : [first.Rows, first.Columns], parts, first.Parts.Count, axis);
    }

    /// <summary>A published matrix of several of <paramref name="rows"/> rows each, one after the other.</summary>
    public void Cut(IReadOnlyList<string> names, string source, long rows)
    {
        var whole = Form(source, PartAxis.Rows);
        if (whole.Parts.Count != 1 || names.Count * rows != whole.Rows || whole.DType.HasSplitScales())
        {
            throw new CheckpointException(
                $"{whole.Parts[0].File}: tensor '{_prefix}{source}' at offset {whole.Parts[0].Offset}: expected a plain matrix of {names.Count * rows} rows, found {whole.DType} [{whole.Rows}, {whole.Columns}]");
        }

        var (part, bytes) = (whole.Parts[0], rows * whole.DType.Layout().RowBytes(whole.Columns));
        for (var i = 0; i < names.Count; i++)
        {
            Add(names[i], whole.DType, [rows, whole.Columns], [part with { Codes = part.Codes.Slice(i * bytes, bytes), Offset = part.Offset + (i * bytes), CodesContainer = part.Codes }]);
        }
    }

    /// <summary>
    /// Matrices [experts, rows, columns] of one published stack, MXFP4 as <c>_blocks</c> [experts, rows, columns / 32, 16] and <c>_scales</c>, or plain.
    /// Of alternating rows, every <paramref name="rowStep"/>-th from <paramref name="firstRow"/> on.
    /// </summary>
    public void Interleaved(string name, string source, int firstRow, int rowStep)
    {
        if (Contains($"{source}_blocks"))
        {
            var blocks = Require($"{source}_blocks", SafetensorsType.U8, 4);
            var scales = Require($"{source}_scales", SafetensorsType.U8, 3);
            if (blocks.Shape[3] != GroupLength / 2 || !scales.Shape.SequenceEqual(blocks.Shape.Take(3)))
            {
                throw Shape(scales, $"scales [experts, rows, groups] of blocks [experts, rows, groups, 16], blocks are [{string.Join(", ", blocks.Shape)}]");
            }

            Interleaved(name, DType.MXFP4_SPLIT, blocks, scales, blocks.Shape[2] * GroupLength, firstRow, rowStep);
            return;
        }

        throw new CheckpointException($"{_path}: expected a tensor '{_prefix}{source}_blocks' (MXFP4 experts), found {(Contains(source) ? "them in another type; only MXFP4 is read" : "none")}");
    }

    /// <summary>Every <paramref name="step"/>-th element of the rows of a published [rows, elements] tensor, decoded: biases of alternating rows.</summary>
    public void InterleavedVectors(string name, string source, int first, int step, Func<float[], long[], CheckpointTensor> hold)
    {
        var tensor = Find(source);
        if (tensor.Shape.Count != 2 || tensor.Shape[1] % step != 0)
        {
            throw Shape(tensor, $"[rows, a multiple of {step}]");
        }

        var values = Decode(tensor);
        var width = tensor.Shape[1];
        var picked = new float[values.Length / step];
        for (long i = 0; i < picked.Length; i++)
        {
            var row = i / (width / step);
            picked[i] = values[(row * width) + first + (i % (width / step) * step)];
        }

        _tensors[name] = hold(picked, [tensor.Shape[0], width / step]) with { Name = name };
    }

    /// <summary>A published vector's values after <paramref name="function"/>.</summary>
    public void Computed(string name, string source, Func<float, float> function, Func<float[], long[], CheckpointTensor> hold)
    {
        var values = Decode(Find(source));
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = function(values[i]);
        }

        _tensors[name] = hold(values, [values.Length]) with { Name = name };
    }

    private void Interleaved(string name, DType dtype, SafetensorsTensor codes, SafetensorsTensor scales, long columns, int firstRow, int rowStep)
    {
        var (experts, rows) = (codes.Shape[0], codes.Shape[1]);
        if (rows % rowStep != 0)
        {
            throw Shape(codes, $"experts of a multiple of {rowStep} rows");
        }

        var rowBytes = dtype.Layout().RowBytes(columns);
        var scaleBytes = columns / GroupLength;
        var parts = new List<TensorPart>();
        // From the first row taken to the last, the rows between them included.
        var span = rows - rowStep + 1;
        for (long e = 0; e < experts; e++)
        {
            var row = (e * rows) + firstRow;
            parts.Add(new TensorPart(
                codes.Bytes.Slice(row * rowBytes, span * rowBytes), scales.Bytes.Slice(row * scaleBytes, span * scaleBytes), codes.File, codes.Offset + (row * rowBytes), rowStep)
            {
                CodesContainer = codes.Bytes,
                ScalesContainer = scales.Bytes,
            });
        }

        Add(name, dtype, [experts, rows / rowStep, columns], parts);
    }

    private sealed record MatrixForm(DType DType, long Rows, long Columns, IReadOnlyList<TensorPart> Parts);

    private MatrixForm Form(string source, PartAxis axis)
    {
        if (Contains($"{source}.weight_packed"))
        {
            return Int4(source);
        }

        var shards = FindAll($"{source}.weight");
        var first = shards[0];
        if (first.Shape.Count != 2)
        {
            throw Shape(first, "[rows, columns]");
        }

        if (first.Type == SafetensorsType.F8_E4M3)
        {
            return Float8(source, shards);
        }

        foreach (var shard in shards.Skip(1))
        {
            if (shard.Type != first.Type || !shard.Shape.SequenceEqual(first.Shape))
            {
                throw Shape(shard, $"{first.Type} [{string.Join(", ", first.Shape)}] as in the first shard");
            }
        }

        // A tensor that every shard repeats whole (norms, routers) is taken once; shards of a cut one are joined.
        var (rows, columns) = (first.Shape[0], first.Shape[1]);
        return new MatrixForm(
            PlainType(first),
            axis == PartAxis.Rows ? rows * shards.Count : rows,
            axis == PartAxis.Columns ? columns * shards.Count : columns,
            [.. shards.Select(Part)]);
    }

    private MatrixForm Float8(string source, IReadOnlyList<SafetensorsTensor> shards)
    {
        var (codes, scales) = (Single(shards), Require($"{source}.weight_scale_inv", SafetensorsType.F32, 2));
        var (rows, columns) = (codes.Shape[0], codes.Shape[1]);
        long[] expected = [(rows + TileLength - 1) / TileLength, (columns + TileLength - 1) / TileLength];
        if (!scales.Shape.SequenceEqual(expected))
        {
            throw Shape(scales, $"[{expected[0]}, {expected[1]}], a scale for each tile of 128 × 128 of '{codes.Name}' [{rows}, {columns}]");
        }

        return new MatrixForm(DType.F8_E4M3, rows, columns, [Part(codes, scales.Bytes)]);
    }

    private MatrixForm Int4(string source)
    {
        foreach (var suffix in (string[])["weight_g_idx", "weight_zero_point"])
        {
            if (Contains($"{source}.{suffix}"))
            {
                throw Shape(Find($"{source}.{suffix}"), "none: groups of columns in their order, around 0");
            }
        }

        var codes = Require($"{source}.weight_packed", SafetensorsType.I32, 2);
        var scales = Require($"{source}.weight_scale", SafetensorsType.BF16, 2);
        var (rows, columns) = (codes.Shape[0], codes.Shape[1] * 8);
        if (columns % GroupLength != 0 || scales.Shape[0] != rows || scales.Shape[1] != columns / GroupLength)
        {
            throw Shape(scales, $"[{rows}, {columns / GroupLength}], a scale for each group of 32 of '{codes.Name}' [{rows}, {columns}]");
        }

        return new MatrixForm(DType.INT4_G32, rows, columns, [Part(codes, scales.Bytes)]);
    }

    /// <summary>Checks the shape that an INT4 matrix states against the one its bytes have.</summary>
    public void CheckInt4Shape(string source)
    {
        if (Contains($"{source}.weight_packed") && Contains($"{source}.weight_shape"))
        {
            var codes = Require($"{source}.weight_packed", SafetensorsType.I32, 2);
            var shape = Find($"{source}.weight_shape");
            long[] expected = [codes.Shape[0], codes.Shape[1] * 8];
            var stated = shape.Type switch
            {
                SafetensorsType.I64 when shape.Bytes.Length == 16 => [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(shape.Bytes.Span(0, 16))],
                SafetensorsType.I32 when shape.Bytes.Length == 8 => [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(shape.Bytes.Span(0, 8)).ToArray().Select(length => (long)length)],
                _ => Array.Empty<long>(),
            };
            if (!stated.SequenceEqual(expected))
            {
                throw new CheckpointException($"{shape.File}: tensor '{shape.Name}' at offset {shape.Offset}: expected [{expected[0]}, {expected[1]}], the shape of '{codes.Name}', found [{string.Join(", ", stated)}]");
            }
        }
    }

    private void Add(string name, DType dtype, IReadOnlyList<long> shape, IReadOnlyList<TensorPart> parts, int partsPerMatrix = 1, PartAxis axis = PartAxis.Rows) =>
        _tensors[name] = new CheckpointTensor(name, dtype, shape, parts) { PartsPerMatrix = partsPerMatrix, PartAxis = axis };

    private SafetensorsTensor Require(string source, SafetensorsType type, int rank)
    {
        var tensor = Find(source);
        return tensor.Type == type && tensor.Shape.Count == rank
            ? tensor
            : throw Shape(tensor, $"{type} of {rank} axes");
    }

    private SafetensorsTensor Find(string source) => Single(FindAll(source));

    private IReadOnlyList<SafetensorsTensor> FindAll(string source)
    {
        if (!_folder.Tensors.TryGetValue(_prefix + source, out var tensors))
        {
            ThrowMissing(_prefix + source);
        }

        // A shape with a 0 in it fits any file: its other lengths mean nothing.
        return tensors.FirstOrDefault(tensor => tensor.Shape.Contains(0)) is { } empty ? throw Shape(empty, "values") : tensors;
    }

    // Tensor-parallel shards repeat what they do not cut.
    private static SafetensorsTensor Single(IReadOnlyList<SafetensorsTensor> shards)
    {
        foreach (var shard in shards.Skip(1))
        {
            if (shard.Type != shards[0].Type || !shard.Shape.SequenceEqual(shards[0].Shape))
            {
                throw Shape(shard, $"{shards[0].Type} [{string.Join(", ", shards[0].Shape)}] as in {shards[0].File}");
            }
        }

        return shards[0];
    }

    private static TensorPart Part(SafetensorsTensor tensor) => Part(tensor, default);

    private static TensorPart Part(SafetensorsTensor tensor, ByteRegion scales) => new(tensor.Bytes, scales, tensor.File, tensor.Offset);

    private static DType PlainType(SafetensorsTensor tensor) => tensor.Type switch
    {
        SafetensorsType.F32 => DType.F32,
        SafetensorsType.F16 => DType.F16,
        SafetensorsType.BF16 => DType.BF16,
        _ => throw Shape(tensor, "F32, F16 or BF16 values"),
    };

    private static float[] Decode(SafetensorsTensor tensor)
    {
        var dtype = PlainType(tensor);
        var count = tensor.Bytes.Length / dtype.Layout().BlockBytes;
        if (count > MostDecodedValues)
        {
            throw Shape(tensor, $"at most {MostDecodedValues} values");
        }

        var values = new float[count];
        RowCodec.Decode(dtype, tensor.Bytes.Span(0, (int)tensor.Bytes.Length), values);
        return values;
    }

    private static CheckpointException Shape(SafetensorsTensor tensor, string expected) =>
        new($"{tensor.File}: tensor '{tensor.Name}' at offset {tensor.Offset}: expected {expected}, found {tensor.Type} [{string.Join(", ", tensor.Shape)}]");

    [DoesNotReturn]
    private void ThrowMissing(string name) => throw new CheckpointException($"{_path}: expected a tensor '{name}', found none among {_folder.Tensors.Count}");
}
