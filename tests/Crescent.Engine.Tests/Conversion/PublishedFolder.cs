using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Kernels;
using Crescent.Kernels.Quantization;
using Crescent.Tests.Checkpoints;

namespace Crescent.Tests.Conversion;

/// <summary>A model as the hub has it, under construction: config.json and safetensors, matrices in any of the published forms.</summary>
internal sealed class PublishedFolder : IDisposable
{
    private const int TileLength = 128;
    private const int GroupLength = 32;

    private readonly TemporaryFolder _folder = new();
    private readonly SafetensorsWriter _writer = new();

    public string Path => _folder.Path;

    /// <summary>Another file in the folder.</summary>
    public string File(string name) => _folder.File(name);

    public PublishedFolder Add(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values)
    {
        var bytes = MemoryMarshal.AsBytes(values).ToArray();
        _writer.AddTensor(name, SafetensorsType.F32, shape, sink => sink(bytes));
        return this;
    }

    /// <summary>Codes that are spread over all but the NaNs, with the same scale for every tile of a row of tiles.</summary>
    /// <param name="scale">The scale of a row of tiles.</param>
    public PublishedFolder AddFloat8(string name, int rows, int columns, int seed, Func<int, float> scale)
    {
        var random = new Random(seed);
        var codes = new byte[rows * columns];
        for (var i = 0; i < codes.Length; i++)
        {
            // Around 1: exponents 5 to 8 of bias 7.
            codes[i] = (byte)((random.Next(2) << 7) | (random.Next(5, 9) << 3) | random.Next(8));
        }

        var (tileRows, tileColumns) = ((rows + TileLength - 1) / TileLength, (columns + TileLength - 1) / TileLength);
        float[] scales = [.. Enumerable.Range(0, tileRows * tileColumns).Select(i => scale(i / tileColumns))];
        _writer.AddTensor(name, SafetensorsType.F8_E4M3, [rows, columns], sink => sink(codes));
        _writer.AddTensor(name + "_scale_inv", SafetensorsType.F32, [tileRows, tileColumns], sink => sink(MemoryMarshal.AsBytes<float>(scales)));
        return this;
    }

    /// <summary>A matrix in groups of four bits, whatever its values; as compressed-tensors packs them.</summary>
    /// <param name="name">Without a suffix.</param>
    /// <param name="scaleBits">Replaces the scales found: bits of a bfloat16 number.</param>
    public PublishedFolder AddInt4(string name, int rows, int columns, ReadOnlySpan<float> values, Func<ushort, ushort>? scaleBits = null)
    {
        var codes = new byte[rows * columns / 2];
        var scales = new ushort[rows * columns / GroupLength];
        for (var row = 0; row < rows; row++)
        {
            Int4Groups.Encode(values.Slice(row * columns, columns), codes.AsSpan(row * columns / 2, columns / 2), scales.AsSpan(row * columns / GroupLength, columns / GroupLength));
        }

        if (scaleBits is not null)
        {
            scales = Array.ConvertAll(scales, new Converter<ushort, ushort>(scaleBits));
        }

        long[] shape = [rows, columns];
        _writer.AddTensor(name + ".weight_packed", SafetensorsType.I32, [rows, columns / 8], sink => sink(codes));
        _writer.AddTensor(name + ".weight_scale", SafetensorsType.BF16, [rows, columns / GroupLength], sink => sink(MemoryMarshal.AsBytes<ushort>(scales)));
        _writer.AddTensor(name + ".weight_shape", SafetensorsType.I64, [2], sink => sink(MemoryMarshal.AsBytes<long>(shape)));
        return this;
    }

    /// <summary>Stacked matrices in MXFP4, as gpt-oss has them.</summary>
    public PublishedFolder AddMxfp4(string name, int experts, int rows, int columns, ReadOnlySpan<float> values)
    {
        const int BlockBytes = 17;
        var blocks = experts * rows * columns / GroupLength;
        var packed = new byte[blocks * BlockBytes];
        for (var row = 0; row < experts * rows; row++)
        {
            var rowBytes = columns / GroupLength * BlockBytes;
            RowCodec.Encode(DType.MXFP4, values.Slice(row * columns, columns), packed.AsSpan(row * rowBytes, rowBytes));
        }

        var (codes, scales) = (new byte[blocks * 16], new byte[blocks]);
        for (var block = 0; block < blocks; block++)
        {
            scales[block] = packed[block * BlockBytes];
            for (var value = 0; value < GroupLength; value++)
            {
                // GGML: value j low, value j + 16 high. Published: in the order of the values.
                var pair = packed[(block * BlockBytes) + 1 + (value % 16)];
                var code = value < 16 ? pair & 15 : pair >> 4;
                codes[(block * 16) + (value / 2)] |= (byte)(code << (4 * (value % 2)));
            }
        }

        _writer.AddTensor(name + "_blocks", SafetensorsType.U8, [experts, rows, columns / GroupLength, 16], sink => sink(codes));
        _writer.AddTensor(name + "_scales", SafetensorsType.U8, [experts, rows, columns / GroupLength], sink => sink(scales));
        return this;
    }

    /// <summary>Writes the files.</summary>
    public PublishedFolder Write(string config)
    {
        System.IO.File.WriteAllText(File("config.json"), config);
        _writer.Write(File("model.safetensors"));
        return this;
    }

    public void Dispose() => _folder.Dispose();
}
