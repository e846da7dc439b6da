using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Kernels.Tests.Attention;

public class KvRowTests
{
    private const float HalfBound = 1f / 2048; // relative: half an ulp of 11 bits
    private const float BrainBound = 1f / 256; // relative: half an ulp of 8 bits
    private const float BlockBound = 0.5f / 127 * (1 + (1f / 16)); // of the block's largest value: half a step, and the half-precision scale's rounding 127 times

    private static readonly int[] s_widths = [1, 2, 7, 8, 9, 15, 16, 17, 64, 100, 576];

    [Fact]
    public void F32_rows_come_back_bit_for_bit()
    {
        foreach (var width in s_widths)
        {
            var values = Values(width, 1e30f);
            values[0] = float.NaN;
            values[^1] = float.NegativeInfinity;
            Assert.Equal(values, RoundTrip(KvType.F32, values));
        }
    }

    [Theory]
    [InlineData(KvType.F16, HalfBound)]
    [InlineData(KvType.BF16, BrainBound)]
    public void Two_byte_rows_come_back_within_half_an_ulp(KvType type, float bound)
    {
        foreach (var width in s_widths)
        {
            var values = Values(width, 100);
            var actual = RoundTrip(type, values);
            for (var i = 0; i < width; i++)
            {
                Assert.InRange(actual[i], values[i] - (bound * MathF.Abs(values[i])) - 1e-7f, values[i] + (bound * MathF.Abs(values[i])) + 1e-7f);
            }
        }
    }

    [Fact]
    public void Every_half_is_decoded_exactly_in_every_lane()
    {
        // One more value in front moves each to another lane, and the last ones to the tail.
        for (var shift = 0; shift < 9; shift++)
        {
            var halves = new ushort[65536 + shift];
            for (var i = 0; i < 65536; i++)
            {
                halves[shift + i] = (ushort)i;
            }

            var actual = new float[halves.Length];
            KvRow.Decode(KvType.F16, System.Runtime.InteropServices.MemoryMarshal.AsBytes(halves.AsSpan()), actual);
            for (var i = 0; i < 65536; i++)
            {
                var expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
                Assert.True(
                    float.IsNaN(expected) ? float.IsNaN(actual[shift + i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual[shift + i]),
                    $"0x{i:X4}: expected {expected:R}, found {actual[shift + i]:R}");
            }
        }
    }

    [Fact]
    public void Every_finite_half_is_stored_as_itself()
    {
        var values = Enumerable.Range(0, 65536).Select(i => (float)BitConverter.UInt16BitsToHalf((ushort)i)).Where(float.IsFinite).ToArray();
        Assert.Equal(values, RoundTrip(KvType.F16, values));
    }

    [Fact]
    public void F16_rounds_to_the_nearest_even_half()
    {
        // Between two halves, at their middle, and a little on either side of it; then anything.
        var random = new Random(3);
        var values = new List<float>();
        for (var bits = 0; bits < 0x7BFF; bits++)
        {
            var low = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            var middle = (low + (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1))) / 2;
            values.AddRange([middle, -middle, MathF.BitIncrement(middle), MathF.BitDecrement(-middle), MathF.BitDecrement(middle), float.Lerp(low, middle, random.NextSingle())]);
        }

        values.AddRange(Enumerable.Range(0, 100_001).Select(_ => BitConverter.Int32BitsToSingle(random.Next()) * (random.Next(2) - 0.5f)).Where(value => MathF.Abs(value) < 65504));
        Assert.Equal(values.Select(value => (float)(Half)value), RoundTrip(KvType.F16, [.. values]));
    }

    [Fact]
    public void Every_BF16_is_stored_as_itself()
    {
        var values = Enumerable.Range(0, 65536).Select(i => BitConverter.Int32BitsToSingle(i << 16)).Where(value => !float.IsNaN(value)).ToArray();
        Assert.Equal(values, RoundTrip(KvType.BF16, values));
    }

    [Fact]
    public void F16_saturates_and_keeps_NaN()
    {
        float[] values = [1e9f, -1e9f, float.PositiveInfinity, float.NegativeInfinity, 65519, 65520, float.NaN, 1e-9f, -0f];
        Assert.Equal([65504f, -65504f, 65504f, -65504f, 65504f, 65504f, float.NaN, 0f, -0f], RoundTrip(KvType.F16, values));
    }

    [Fact]
    public void BF16_rounds_to_even_and_keeps_NaN()
    {
        float[] values = [1 + (1f / 256), 1 + (3f / 256), float.PositiveInfinity, float.NegativeInfinity, BitConverter.Int32BitsToSingle(0x7F80_0001), -0f];
        Assert.Equal([1f, 1 + (1f / 64), float.PositiveInfinity, float.NegativeInfinity, float.NaN, -0f], RoundTrip(KvType.BF16, values));
    }

    [Fact]
    public void Q8_0_rows_come_back_within_half_a_step()
    {
        foreach (var width in (int[])[32, 64, 96, 576])
        {
            var values = Values(width, 3);
            var actual = RoundTrip(KvType.Q8_0, values);
            for (var block = 0; block < width; block += 32)
            {
                var bound = BlockBound * values.AsSpan(block, 32).ToArray().Max(MathF.Abs);
                for (var i = block; i < block + 32; i++)
                {
                    Assert.InRange(actual[i], values[i] - bound, values[i] + bound);
                }
            }
        }
    }

    [Fact]
    public void Q8_0_keeps_codes_times_a_half_scale_exactly()
    {
        var values = Enumerable.Range(0, 32).Select(i => (i == 0 ? 127 : (i * 5) - 80) * 0.25f).ToArray();
        Assert.Equal(values, RoundTrip(KvType.Q8_0, values));
        Assert.Equal(new float[32], RoundTrip(KvType.Q8_0, new float[32]));
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.MaxValue)]
    [InlineData(1e9f)]
    public void Q8_0_saturates(float value)
    {
        var values = new float[32];
        values[3] = value;
        values[4] = 1;
        var actual = RoundTrip(KvType.Q8_0, values);
        Assert.Equal(Math.Clamp(value, -65504f * 127, 65504f * 127), actual[3]);
        Assert.Equal(0, actual[4]);
    }

    [Fact]
    public void Q8_0_hands_NaN_on()
    {
        var values = Values(64, 1);
        values[40] = float.NaN;
        var actual = RoundTrip(KvType.Q8_0, values);
        Assert.All(actual[..32], value => Assert.True(float.IsFinite(value)));
        Assert.True(float.IsNaN(actual[40]));
    }

    [Fact]
    public void Q8_0_needs_whole_blocks()
    {
        Assert.Equal(34, KvRow.Bytes(KvType.Q8_0, 32));
        Assert.Contains("33", Assert.Throws<NotSupportedException>(() => KvRow.Bytes(KvType.Q8_0, 33)).Message, StringComparison.Ordinal);
    }

    private static float[] RoundTrip(KvType type, float[] values)
    {
        var row = new byte[KvRow.Bytes(type, values.Length)];
        KvRow.Encode(type, values, row);
        var actual = new float[values.Length];
        KvRow.Decode(type, row, actual);
        return actual;
    }

    private static float[] Values(int width, float magnitude)
    {
        var random = new Random(width);
        return [.. Enumerable.Range(0, width).Select(_ => ((random.NextSingle() * 2) - 1) * magnitude)];
    }
}
