using System.Text.Json;
using Crescent.Kernels;
using Crescent.Kernels.Quantization;
using Xunit;

namespace Crescent.Tests.Reference.Decoding;

/// <summary>The scalar decoders against published numbers, reference code, and examples worked by hand.</summary>
public sealed class DecodingTests
{
    [Theory]
    [InlineData(0x00, 0.0)]
    [InlineData(0x01, 0.001953125)] // smallest: 2^-9
    [InlineData(0x07, 0.013671875)] // largest without a leading one: 7/8 of 2^-6
    [InlineData(0x08, 0.015625)] // smallest with one: 2^-6
    [InlineData(0x38, 1.0)]
    [InlineData(0x39, 1.125)]
    [InlineData(0x7E, 448.0)] // largest
    [InlineData(0xFE, -448.0)]
    [InlineData(0x7F, double.NaN)]
    [InlineData(0xFF, double.NaN)]
    public void FP8_codes_have_the_values_of_e4m3fn(byte code, double expected) => Assert.Equal(expected, BlockFp8.Value(code));

    [Fact]
    public void FP8_codes_are_in_order() => Assert.All(Enumerable.Range(0, 0x7E), code => Assert.True(BlockFp8.Value((byte)code) < BlockFp8.Value((byte)(code + 1))));

    [Fact]
    public void FP8_tiles_at_the_edges_are_ragged()
    {
        // [5, 3] in tiles of 2: 3 rows of 2 scales.
        var values = BlockFp8.Decode(Enumerable.Repeat((byte)0x38, 15).ToArray(), 3, [1, 2, 3, 4, 5, 6], tile: 2);
        Assert.Equal([1, 1, 2, 1, 1, 2, 3, 3, 4, 3, 3, 4, 5, 5, 6], values);
    }

    [Fact]
    public void INT4_words_hold_eight_values_the_first_in_the_lowest_bits()
    {
        // Two rows of 16 values in groups of 8.
        var words = new uint[] { 0x76543210, 0xFEDCBA98, 0x88888888, 0x0000000F };
        var values = Int4Groups.Decode([.. words.SelectMany(BitConverter.GetBytes)], 16, [1, 2, 4, 0.5]);
        Assert.Equal([-8, -7, -6, -5, -4, -3, -2, -1], values[..8]);
        Assert.Equal([0, 2, 4, 6, 8, 10, 12, 14], values[8..16]);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0], values[16..24]);
        Assert.Equal([3.5, -4, -4, -4, -4, -4, -4, -4], values[24..]);
    }

    [Fact]
    public void INT4_groups_are_Q4_0_blocks_in_another_order()
    {
        var random = new Random(4);
        var packed = new byte[16];
        random.NextBytes(packed);
        const double Scale = 0.0078125;
        var block = new byte[18];
        BitConverter.TryWriteBytes(block, (Half)Scale);
        int Stored(int i) => (packed[i / 2] >> (4 * (i % 2))) & 15;
        for (var j = 0; j < 16; j++)
        {
            block[2 + j] = (byte)(Stored(j) | (Stored(j + 16) << 4));
        }

        var expected = new float[32];
        RowCodec.Decode(DType.Q4_0, block, expected);
        Assert.Equal(expected.Select(value => (double)value), Int4Groups.Decode(packed, 32, [Scale]));
    }

    [Fact]
    public void MXFP4_blocks_decode_as_upstreams_in_sequential_order()
    {
        using var line = JsonDocument.Parse(File.ReadLines(SharedData.Path("ggml-quant-vectors", "dequant.jsonl")).Single(text => text.Contains("\"MXFP4\"", StringComparison.Ordinal)));
        var data = Convert.FromHexString(line.RootElement.GetProperty("data_hex").GetString()!);
        var expected = PlainFloats.Decode("F32", Convert.FromHexString(line.RootElement.GetProperty("f32_le_hex").GetString()!));
        var blocks = data.Chunk(17).ToArray();
        Assert.NotEmpty(blocks);
        // Upstream: exponent first, then values j and j + 16 in the nibbles of byte j.
        byte[] sequential = [.. blocks.SelectMany(block => Enumerable.Range(0, 16).Select(j => (byte)(Upstream(block, 2 * j) | (Upstream(block, (2 * j) + 1) << 4))))];
        Assert.Equal(expected, Mxfp4Blocks.Decode(sequential, [.. blocks.Select(block => block[0])]));

        static int Upstream(byte[] block, int i) => i < 16 ? block[1 + i] & 15 : block[1 + i - 16] >> 4;
    }

    [Fact]
    public void Grok_1s_scales_are_grouped_along_the_inputs()
    {
        // Two matrices of 4 inputs and 3 outputs, two groups each.
        byte[] codes = [.. Enumerable.Range(1, 24).Select(i => unchecked((byte)(i % 2 == 0 ? i : -i)))];
        var values = GrokInt8.Decode(codes, 4, 3, [1, 2, 3, 10, 20, 30, 0, 1, 0, 100, 0, 0]);
        Assert.Equal([-1, 4, -9, 4, -10, 18, -70, 160, -270, 100, -220, 360], values[..12]);
        Assert.Equal([0, 14, 0, 0, -17, 0, -1900, 0, 0, 2200, 0, 0], values[12..]);
    }

    [Fact]
    public void Plain_numbers_are_little_endian()
    {
        Assert.Equal([1, -2], PlainFloats.Decode("BF16", [0x80, 0x3F, 0x00, 0xC0]));
        Assert.Equal([1, -2], PlainFloats.Decode("F16", [0x00, 0x3C, 0x00, 0xC0]));
        Assert.Equal([1.5], PlainFloats.Decode("F32", [0, 0, 0xC0, 0x3F]));
        Assert.Equal([258, -1], PlainFloats.Decode("I32", [2, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]));
    }
}
