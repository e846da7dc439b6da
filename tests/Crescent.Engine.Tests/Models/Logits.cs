using System.Runtime.InteropServices;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>Comparisons of logits.</summary>
internal static class Logits
{
    public static void AssertWithin(float bound, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var (worst, at) = (0f, 0);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = MathF.Abs(expected[i] - actual[i]);
            Assert.False(float.IsNaN(difference), $"value {i}: expected {expected[i]}, found {actual[i]}");
            (worst, at) = difference > worst ? (difference, i) : (worst, at);
        }

        Assert.True(worst <= bound, $"value {at}: expected {expected[at]}, found {actual[at]}: {worst} apart, bound {bound}");
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        if (!MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual)))
        {
            var at = 0;
            while (BitConverter.SingleToInt32Bits(expected[at]) == BitConverter.SingleToInt32Bits(actual[at]))
            {
                at++;
            }

            Assert.Fail($"{what} value {at}: expected the bits of {expected[at]:R}, found {actual[at]:R}");
        }

        // Equal because both are garbage would prove nothing.
        Assert.True(expected.IndexOfAnyExcept(0f) >= 0 && float.IsFinite(expected[0]), $"{what}: expected finite logits that are not all 0");
    }

    /// <summary>Cosine of each row.</summary>
    public static double[] Cosines(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int vocab)
    {
        var cosines = new double[expected.Length / vocab];
        for (var row = 0; row < cosines.Length; row++)
        {
            var (dot, a, b) = (0.0, 0.0, 0.0);
            for (var i = row * vocab; i < (row + 1) * vocab; i++)
            {
                dot += (double)expected[i] * actual[i];
                a += (double)expected[i] * expected[i];
                b += (double)actual[i] * actual[i];
            }

            cosines[row] = dot / Math.Sqrt(a * b);
        }

        return cosines;
    }
}
