using System.Runtime.Intrinsics;
using Crescent.Kernels.Elementwise;
using Xunit;

namespace Crescent.Kernels.Tests.Elementwise;

public class ExponentialTests
{
    private const double Bound = 2e-7; // relative, for normal results
    private const double SmallestNormal = 1.17549435e-38;

    [Fact]
    public void It_is_the_exponential()
    {
        var random = new Random(1);
        for (var i = 0; i < 200_000; i++)
        {
            var x = ((random.NextSingle() * 2) - 1) * (i % 2 == 0 ? 88.7f : 2f);
            var expected = Math.Exp(x);
            Assert.InRange(Of(x), (expected * (1 - Bound)) - SmallestNormal, (expected * (1 + Bound)) + SmallestNormal);
        }
    }

    [Fact]
    public void The_ends_are_exact()
    {
        Assert.Equal(1, Of(0));
        Assert.Equal(1, Of(-0f));
        Assert.All((float[])[89, 1000, 3e38f, float.PositiveInfinity], x => Assert.Equal(float.PositiveInfinity, Of(x)));
        Assert.All((float[])[-104, -1000, -3e38f, float.NegativeInfinity], x => Assert.Equal(0, Of(x)));
        Assert.True(float.IsNaN(Of(float.NaN)));
    }

    [Fact]
    public void Both_widths_give_the_same_bits()
    {
        var random = new Random(2);
        var values = new float[16];
        for (var i = 0; i < 10_000; i++)
        {
            for (var lane = 0; lane < values.Length; lane++)
            {
                values[lane] = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            }

            var wide = Exponential.Of(Vector512.Create(values));
            Assert.Equal(Exponential.Of(Vector256.Create(values)).AsInt32(), wide.GetLower().AsInt32());
            Assert.Equal(Exponential.Of(Vector256.Create(values.AsSpan(8))).AsInt32(), wide.GetUpper().AsInt32());
        }
    }

    private static float Of(float x) => Exponential.Of(Vector256.Create(x)).ToScalar();
}
