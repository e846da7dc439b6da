using Crescent.Kernels.Quantization;
using Xunit;

namespace Crescent.Kernels.Tests.Quantization;

/// <summary>Values that a format can hold come back as they were.</summary>
public class ExactValueTests
{
    private const int Columns = 1024;

    public static TheoryData<DType, int, int> Ranges => new()
    {
        { DType.Q4_0, -8, 7 },
        { DType.Q4_1, -8, 7 },
        { DType.Q4_1, 3, 18 },
        { DType.Q5_0, -16, 15 },
        { DType.Q5_1, -16, 15 },
        { DType.Q8_0, -127, 127 },
    };

    public static TheoryData<DType> FourBits => [DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q8_0, DType.F16, DType.F32];

    [Theory]
    [MemberData(nameof(Ranges))]
    public void Whole_numbers_times_a_power_of_two_come_back_exactly(DType dtype, int min, int max)
    {
        var random = new Random(5);
        for (var exponent = -14; exponent <= 4; exponent++)
        {
            var values = new float[Columns];
            for (var i = 0; i < Columns; i++)
            {
                values[i] = MathF.ScaleB(random.Next(min, max + 1), exponent);
            }

            AssertExact(dtype, values);
        }
    }

    [Theory]
    [MemberData(nameof(FourBits))]
    public void Four_bit_values_in_tiles_of_128_come_back_exactly(DType dtype)
    {
        var random = new Random(6);
        var values = new float[Columns];
        for (var tile = 0; tile < Columns; tile += 128)
        {
            var exponent = random.Next(-12, 3);
            for (var i = tile; i < tile + 128; i++)
            {
                values[i] = MathF.ScaleB(random.Next(-7, 8), exponent);
            }
        }

        AssertExact(dtype, values);
    }

    [Theory]
    [MemberData(nameof(FourBits))]
    public void Four_bit_values_under_bfloat16_scales_come_back_exactly(DType dtype)
    {
        // As in Kimi K2 Thinking: groups of 32, q in −7…7.
        var random = new Random(7);
        var values = new float[Columns];
        for (var group = 0; group < Columns; group += 32)
        {
            var scale = MathF.ScaleB(128 + random.Next(128), -7 - random.Next(3, 9));
            for (var i = group; i < group + 32; i++)
            {
                values[i] = random.Next(-7, 8) * scale;
            }
        }

        AssertExact(dtype, values);
    }

    [Theory]
    [InlineData(DType.Q4_0)]
    [InlineData(DType.Q5_0)]
    [InlineData(DType.Q8_0)]
    [InlineData(DType.MXFP4)]
    public void Encoding_decoded_blocks_again_changes_no_value(DType dtype)
    {
        foreach (var kind in EncoderRows.Kinds)
        {
            var values = EncoderRows.Make(kind, Columns);
            var row = new byte[dtype.Layout().RowBytes(Columns)];
            RowCodec.Encode(dtype, values, row);
            RowCodec.Decode(dtype, row, values);
            AssertExact(dtype, values);
        }
    }

    private static void AssertExact(DType dtype, float[] values)
    {
        foreach (var importance in new[] { [], EncoderRows.Importance(values.Length) })
        {
            var row = new byte[dtype.Layout().RowBytes(values.Length)];
            var decoded = new float[values.Length];
            RowCodec.Encode(dtype, values, importance, row);
            RowCodec.Decode(dtype, row, decoded);
            Assert.Equal(values, decoded);
        }
    }
}
