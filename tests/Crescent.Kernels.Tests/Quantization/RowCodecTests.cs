using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;
using Crescent.Kernels.Tests.MatMul;
using Xunit;

namespace Crescent.Kernels.Tests.Quantization;

public class RowCodecTests
{
    public static TheoryData<DType> Quantized => [.. RowCodec.Supported.Where(dtype => dtype.Layout().BlockLength > 1)];

    public static TheoryData<DType> QuantizedBothWays =>
        [.. RowCodec.Supported.Where(dtype => dtype.Layout().BlockLength > 1 && RowCodec.CanEncode(dtype))];

    public static TheoryData<DType> Encodable => [.. RowCodec.Supported.Where(RowCodec.CanEncode)];

    public static TheoryData<DType> Bounded => [.. RowCodec.Supported.Where(dtype => RelativeBound(dtype) is not null)];

    [Fact]
    public void Every_type_that_upstream_decodes_is_decoded()
    {
        var types = QuantVector.Types("dequant.jsonl").Order().ToList();
        Assert.Equal(22, types.Count);
        Assert.Equal(types, RowCodec.Supported.Where(dtype => dtype.Layout().BlockLength > 1).Select(dtype => (int)dtype).Order());
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Decoding_gives_the_bits_of_upstream(DType dtype)
    {
        foreach (var vector in QuantVector.All(dtype))
        {
            var values = new float[vector.Values.Length];
            RowCodec.Decode(dtype, vector.Bytes, values);
            AssertBits.Equal(vector.Values, values);
        }
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void The_vector_decode_gives_the_bits_of_upstream(DType dtype)
    {
        foreach (var vector in QuantVector.All(dtype))
        {
            using var weights = TestMatrix.Of(dtype, vector.Bytes, 1, vector.Values.Length, IsaLevel.Portable);
            var values = new float[vector.Values.Length];
            weights.Matrix.DecodeRow(0, values);
            AssertBits.Equal(vector.Values, values);
        }
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Both_decoders_agree_on_any_block(DType dtype)
    {
        using var weights = TestMatrix.Random(dtype, 40, 2048, IsaLevel.Portable);
        var values = new float[2048];
        for (var row = 0; row < 40; row++)
        {
            weights.Matrix.DecodeRow(row, values);
            AssertBits.Equal(weights.Row(row), values);
        }
    }

    [Theory]
    [MemberData(nameof(QuantizedBothWays))]
    public void Encoding_gives_the_bytes_of_upstream(DType dtype)
    {
        var vector = QuantVector.Read("quantize.jsonl", dtype);
        var row = new byte[vector.Bytes.Length];
        RowCodec.Encode(dtype, vector.Input, row);
        Assert.Equal(vector.Bytes, row);
    }

    [Theory]
    [MemberData(nameof(Bounded))]
    public void Encoding_then_decoding_stays_within_the_bound_of_the_format(DType dtype)
    {
        var bound = RelativeBound(dtype)!.Value;
        var random = new Random(11);
        var length = dtype.Layout().BlockLength;
        for (var round = 0; round < 200; round++)
        {
            // Large enough that every scale is a normal half.
            var magnitude = MathF.Pow(10, (random.NextSingle() * 4) - 1);
            var values = Enumerable.Range(0, length).Select(_ => ((random.NextSingle() * 2) - 1) * magnitude).ToArray();
            var row = new byte[dtype.Layout().BlockBytes];
            var decoded = new float[length];
            RowCodec.Encode(dtype, values, row);
            RowCodec.Decode(dtype, row, decoded);
            var largest = values.Max(Math.Abs);
            var range = dtype is DType.Q4_1 or DType.Q5_1 ? values.Max() - values.Min() : largest;
            for (var i = 0; i < length; i++)
            {
                Assert.True(Math.Abs(decoded[i] - values[i]) <= (bound * range) + 1e-7f, $"{dtype}: {values[i]} came back as {decoded[i]}, range {range}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void A_block_of_zeros_stays_zero(DType dtype)
    {
        var row = new byte[dtype.Layout().BlockBytes];
        var values = new float[dtype.Layout().BlockLength];
        RowCodec.Encode(dtype, values, row);
        RowCodec.Decode(dtype, row, values);
        Assert.All(values, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Every_half_is_decoded_as_the_runtime_converts_it()
    {
        var bytes = Enumerable.Range(0, 65536).SelectMany(bits => BitConverter.GetBytes((ushort)bits)).ToArray();
        using var weights = TestMatrix.Of(DType.F16, bytes, 256, 256, IsaLevel.Portable);
        var values = new float[256];
        for (var row = 0; row < 256; row++)
        {
            weights.Matrix.DecodeRow(row, values);
            for (var i = 0; i < 256; i++)
            {
                var expected = (float)BitConverter.UInt16BitsToHalf((ushort)((256 * row) + i));
                Assert.True(
                    float.IsNaN(expected) ? float.IsNaN(values[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(values[i]),
                    $"half {(256 * row) + i:X4}: {values[i]}, expected {expected}");
            }
        }
    }

    [Fact]
    public void Every_exponent_of_mxfp4_is_decoded_alike_by_both_decoders()
    {
        var random = new Random(3);
        var bytes = new byte[256 * 17];
        random.NextBytes(bytes);
        for (var i = 0; i < 256; i++)
        {
            bytes[17 * i] = (byte)i;
        }

        using var weights = TestMatrix.Of(DType.MXFP4, bytes, 1, 256 * 32, IsaLevel.Portable);
        var expected = new float[256 * 32];
        var values = new float[256 * 32];
        RowCodec.Decode(DType.MXFP4, bytes, expected);
        weights.Matrix.DecodeRow(0, values);
        AssertBits.Equal(expected, values);
    }

    [Fact]
    public void A_row_of_the_wrong_size_is_refused_with_both_numbers()
    {
        var exception = Assert.Throws<ArgumentException>(() => RowCodec.Decode(DType.Q4_0, new byte[17], new float[32]));
        Assert.Contains("32 values", exception.Message, StringComparison.Ordinal);
        Assert.Contains("17 bytes", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => RowCodec.Encode(DType.Q8_0, new float[33], new byte[34]));
    }

    [Fact]
    public void A_type_without_decoder_is_refused_with_the_ones_that_have_one()
    {
        var exception = Assert.Throws<NotSupportedException>(() => RowCodec.Decode(DType.I16, new byte[512], new float[256]));
        Assert.Contains("I16", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Q4_K", exception.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => RowCodec.Encode(DType.IQ1_S, new float[256], new byte[50]));
    }

    private static float? RelativeBound(DType dtype) => dtype switch
    {
        DType.F32 => F32.MaxRelativeError,
        DType.F16 => F16.MaxRelativeError,
        DType.BF16 => BF16.MaxRelativeError,
        DType.Q4_0 => Q4_0.MaxRelativeError,
        DType.Q4_1 => Q4_1.MaxRelativeError,
        DType.Q5_0 => Q5_0.MaxRelativeError,
        DType.Q5_1 => Q5_1.MaxRelativeError,
        DType.Q8_0 => Q8_0.MaxRelativeError,
        DType.MXFP4 => MXFP4.MaxRelativeError,
        _ => null,
    };
}
