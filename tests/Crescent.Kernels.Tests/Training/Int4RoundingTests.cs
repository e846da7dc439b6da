using Crescent.Kernels.Training;
using Xunit;

namespace Crescent.Kernels.Tests.Training;

public sealed class Int4RoundingTests
{
    // Half a step; at the ends of the range also 7.5 steps of a scale that bfloat16, of 8 bits, moved by up to 1/256.
    private const float Bound = 0.5f + (7.5f / 256) + 1e-4f;

    [Fact]
    public void Codes_and_scales_stand_for_the_rounded_values()
    {
        var random = new Random(1);
        float[] weights = [.. Enumerable.Range(0, 32 * 40).Select(i => i < 32 ? 0 : (random.NextSingle() - 0.5f) * MathF.Pow(2, (i / 32) - 20))];
        var (rounded, codes, scales) = (new float[weights.Length], new byte[weights.Length / 2], new byte[weights.Length / 16]);
        Int4Rounding.Round(weights, rounded);
        Int4Rounding.Encode(weights, codes, scales);
        for (var i = 0; i < weights.Length; i++)
        {
            var scale = BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(scales, i / 32 * 2) << 16);
            var code = (codes[i / 2] >> (i % 2 * 4)) & 15;
            Assert.Equal((code - 8) * scale, rounded[i]);
            Assert.InRange(Math.Abs(rounded[i] - weights[i]), 0, Bound * scale);
        }
    }
}
