using System.Buffers.Binary;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>Collects a model's tensors under the names and in the forms of its release, with the values that GGUF's tensors have.</summary>
/// <param name="tensors">The tensors of GGUF.</param>
/// <param name="type">A plain type for everything; or a quantised one for what is quantised in it, and bfloat16 for the rest.</param>
internal sealed class PublishedTensors(IEnumerable<SynthTensor> tensors, ulong seed, DType type)
{
    private readonly Dictionary<string, SynthTensor> _sources = tensors.ToDictionary(tensor => tensor.Name);
    private readonly DType _plain = PlainType(type);
    private readonly List<PublishedTensor> _all = [];

    public IReadOnlyList<PublishedTensor> All => _all;

    /// <summary>The type of what is not quantised.</summary>
    public static DType PlainType(DType type) => type is DType.F32 or DType.F16 ? type : DType.BF16;

    /// <summary>The values of one of GGUF's matrices or stacks.</summary>
    public SynthValues Values(string source) => new(_sources[source], seed);

    /// <summary>A norm, bias or sink.</summary>
    public void Vector(string name, string source) => Vector(name, source, _plain);

    /// <summary>One that is published in a type of its own.</summary>
    public void Vector(string name, string source, DType dtype) => Floats(name, dtype, _sources[source].Shape, () => _sources[source].Vector(seed));

    /// <summary>Biases [rows, values] of two matrices whose rows alternate: a value of one, a value of the other.</summary>
    public void AlternatingVectors(string name, string first, string second)
    {
        var shape = _sources[first].Shape;
        Floats(name, _plain, [.. shape[..^1], shape[^1] * 2], () =>
            [.. _sources[first].Vector(seed).Zip(_sources[second].Vector(seed)).SelectMany(pair => new[] { pair.First, pair.Second })]);
    }

    /// <summary>Decay rates as logarithms, float32.</summary>
    public void LogRates(string name, string source, long[] shape) => Floats(name, DType.F32, shape, () => _sources[source].LogRates(seed));

    /// <summary>A matrix that no release quantises: embedding, head, router. Filters of a convolution keep their shape.</summary>
    public void Matrix(string name, string source) => Plain($"{name}.weight", MappedRows.Of(Values(source)), _sources[source].Shape);

    /// <summary>A matrix that is quantised in FP8.</summary>
    public void Linear(string name, string source) => Linear(name, MappedRows.Of(Values(source)));

    /// <inheritdoc cref="Linear(string, string)"/>
    public void Linear(string name, SynthRows rows)
    {
        if (type == DType.F8_E4M3)
        {
            Float8(name, rows);
        }
        else
        {
            Plain($"{name}.weight", rows, [rows.Count, rows.Columns]);
        }
    }

    /// <summary>Gate, up and down of a dense or shared unit.</summary>
    public void FeedForward(string name, string source, string suffix = "")
    {
        Linear($"{name}.gate_proj", $"{source}.ffn_gate{suffix}.weight");
        Linear($"{name}.up_proj", $"{source}.ffn_up{suffix}.weight");
        Linear($"{name}.down_proj", $"{source}.ffn_down{suffix}.weight");
    }

    /// <summary>The routed experts of a layer, one after the other; quantised in FP8 and INT4.</summary>
    public void Experts(string name, string source, string gate = "gate_proj", string up = "up_proj", string down = "down_proj")
    {
        var parts = new[] { (gate, Values($"{source}.ffn_gate_exps.weight")), (up, Values($"{source}.ffn_up_exps.weight")), (down, Values($"{source}.ffn_down_exps.weight")) };
        for (var e = 0; e < parts[0].Item2.Rows / parts[0].Item2.MatrixRows; e++)
        {
            foreach (var (projection, values) in parts)
            {
                var rows = MappedRows.Of(values, e * values.MatrixRows, values.MatrixRows);
                if (type == DType.INT4_G32)
                {
                    Int4($"{name}.{e}.{projection}", rows);
                }
                else
                {
                    Linear($"{name}.{e}.{projection}", rows);
                }
            }
        }
    }

    /// <summary>Stacked experts as <c>_blocks</c> [experts, rows, columns / 32, 16] and <c>_scales</c> [experts, rows, columns / 32].</summary>
    public void Mxfp4(string name, SynthRows rows, long experts)
    {
        const int Bias = 128; // the codes stand for doubled values
        var groups = rows.Columns / Groups.Length;
        Codes($"{name}_blocks", SafetensorsType.U8, DType.MXFP4_SPLIT, rows, [experts, rows.Count / experts, groups, Groups.Length / 2]);
        Add($"{name}_scales", SafetensorsType.U8, [experts, rows.Count / experts, groups], rows.Count, groups, (row, bytes) =>
            Groups.Fill(rows, row, bytes, static (exponent, scale) => scale[0] = (byte)(exponent + Bias), scaleBytes: 1));
    }

    private void Floats(string name, DType dtype, long[] shape, Func<float[]> values) =>
        _all.Add(new PublishedTensor(name, TypeOf(dtype), shape, (sink, _, _) => sink(PlainFloats.Encode(dtype, values()))));

    // DeepSeek-V3: codes, and a float32 factor for each tile.
    private void Float8(string name, SynthRows rows)
    {
        const int Tile = SynthEncoder.TileLength;
        Codes($"{name}.weight", SafetensorsType.F8_E4M3, DType.F8_E4M3, rows, [rows.Count, rows.Columns]);
        var tileRows = (rows.Count + Tile - 1) / Tile;
        Add($"{name}.weight_scale_inv", SafetensorsType.F32, [tileRows, rows.Tiles], tileRows, rows.Tiles * sizeof(float), (tileRow, bytes) =>
        {
            Span<sbyte> exponents = stackalloc sbyte[rows.Tiles];
            rows.Exponents(tileRow * Tile, exponents);
            for (var i = 0; i < exponents.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes[(i * sizeof(float))..], MathF.ScaleB(1, exponents[i]));
            }
        });
    }

    // compressed-tensors, pack-quantized: eight codes an int32, a bfloat16 factor for 32 values, and the shape.
    private void Int4(string name, SynthRows rows)
    {
        Codes($"{name}.weight_packed", SafetensorsType.I32, DType.INT4_G32, rows, [rows.Count, rows.Columns / 8]);
        var groups = rows.Columns / Groups.Length;
        Add($"{name}.weight_scale", SafetensorsType.BF16, [rows.Count, groups], rows.Count, groups * sizeof(ushort), (row, bytes) =>
            Groups.Fill(rows, row, bytes, static (exponent, scale) => BinaryPrimitives.WriteUInt16LittleEndian(scale, PlainFloats.PowerOfTwo(exponent)), sizeof(ushort)));
        Add($"{name}.weight_shape", SafetensorsType.I32, [2], 1, 2 * sizeof(int), (_, bytes) =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)rows.Count);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[sizeof(int)..], rows.Columns);
        });
    }

    private void Plain(string name, SynthRows rows, long[] shape) => Codes(name, TypeOf(_plain), _plain, rows, shape);

    private void Codes(string name, SafetensorsType stored, DType dtype, SynthRows rows, long[] shape) =>
        Add(name, stored, shape, rows.Count, (int)dtype.Layout().RowBytes(rows.Columns), (row, bytes) => rows.Encode(dtype, row, bytes));

    private void Add(string name, SafetensorsType stored, long[] shape, long rows, int rowBytes, ChunkStream.RowMaker make) =>
        _all.Add(new PublishedTensor(name, stored, shape, (sink, threads, cancellation) => ChunkStream.Write(rows, rowBytes, make, threads, sink, cancellation)));

    private static SafetensorsType TypeOf(DType dtype) => dtype switch
    {
        DType.F32 => SafetensorsType.F32,
        DType.F16 => SafetensorsType.F16,
        _ => SafetensorsType.BF16,
    };
}
