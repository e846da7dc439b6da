using Crescent.Kernels.Quantization;
using Xunit;

namespace Crescent.Kernels.Tests.Quantization;

public class Int4GroupsTests
{
    private const int Columns = 512;

    [Fact]
    public void Codes_are_sequential_nibbles_offset_by_eight()
    {
        var values = Enumerable.Range(0, 32).Select(i => (float)((i % 15) - 7)).ToArray();
        var codes = new byte[16];
        var scales = new ushort[1];
        Int4Groups.Encode(values, codes, scales);
        Assert.Equal(0x3F80, scales[0]); // 1
        for (var i = 0; i < 32; i++)
        {
            Assert.Equal((int)values[i], ((codes[i / 2] >> (i % 2 * 4)) & 15) - 8);
        }
    }

    [Fact]
    public void Groups_of_a_quantised_checkpoint_come_back_exactly()
    {
        var random = new Random(1);
        var values = new float[Columns];
        for (var group = 0; group < Columns; group += 32)
        {
            var scale = MathF.ScaleB(128 + random.Next(128), -7 - random.Next(2, 30));
            for (var i = group; i < group + 32; i++)
            {
                values[i] = random.Next(-7, 8) * scale;
            }
        }

        Assert.Equal(values, RoundTrip(values));
        Assert.Equal(values, RoundTrip(values, EncoderRows.Importance(Columns)));
    }

    [Fact]
    public void The_scale_is_the_largest_magnitude_over_seven_and_codes_are_the_nearest()
    {
        foreach (var kind in EncoderRows.Kinds)
        {
            var values = EncoderRows.Make(kind, Columns);
            var decoded = RoundTrip(values);
            for (var i = 0; i < Columns; i++)
            {
                // Half a step; a scale rounded down cuts the largest value by up to 2⁻⁹ of it.
                var largest = values.AsSpan(i / 32 * 32, 32).ToArray().Max(Math.Abs);
                Assert.True(Math.Abs(decoded[i] - values[i]) <= largest * (1 / 13.9f), $"{kind}: {values[i]} came back as {decoded[i]}");
            }
        }
    }

    [Fact]
    public void Importance_lowers_the_weighted_error_of_every_row()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var values = EncoderRows.Make("gaussian", Columns, seed);
            var importance = EncoderRows.Importance(Columns, seed);
            var plain = Error(values, RoundTrip(values), importance);
            var weighted = Error(values, RoundTrip(values, importance), importance);
            Assert.True(weighted < 0.95 * plain, $"{weighted} with importance, {plain} without");
        }
    }

    [Fact]
    public void Zeros_stay_zeros_and_bad_arguments_are_refused()
    {
        Assert.Equal(new float[32], RoundTrip(new float[32]));
        var values = new float[64];
        Assert.Contains("33", Assert.Throws<ArgumentException>(() => Int4Groups.Encode(values, new byte[33], new ushort[2])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Int4Groups.Encode(values, new byte[32], new ushort[3]));
        Assert.Throws<ArgumentException>(() => Int4Groups.Encode(new float[33], new byte[16], new ushort[1]));
        values[40] = float.NaN;
        Assert.Contains("column 40 ", Assert.Throws<ArgumentException>(() => Int4Groups.Encode(values, new byte[32], new ushort[2])).Message, StringComparison.Ordinal);
    }

    private static float[] RoundTrip(float[] values, float[]? importance = null)
    {
        var codes = new byte[values.Length / 2];
        var scales = new ushort[values.Length / 32];
        Int4Groups.Encode(values, importance ?? [], codes, scales);
        var decoded = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var code = (codes[i / 2] >> (i % 2 * 4)) & 15;
            Assert.InRange(code, 1, 15);
            decoded[i] = (code - 8) * BitConverter.UInt32BitsToSingle((uint)scales[i / 32] << 16);
        }

        return decoded;
    }

    private static double Error(float[] values, float[] decoded, float[] importance) =>
        values.Select((value, i) => importance[i] * Math.Pow(value - decoded[i], 2)).Sum();
}
