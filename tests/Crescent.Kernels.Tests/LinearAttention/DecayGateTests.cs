using Crescent.Kernels.LinearAttention;
using Xunit;

namespace Crescent.Kernels.Tests.LinearAttention;

/// <summary>The decay against its formula in double precision.</summary>
public class DecayGateTests
{
    private const double Bound = 5e-7; // relative to the exponent's size: a rounding of the exponent is worth |exponent| ulps

    public static TheoryData<int> Lengths => [1, 7, 8, 9, 16, 33, 128];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_decay_is_its_formula(int length)
    {
        foreach (var (magnitude, rate) in ((float, float)[])[(1, -1), (10, -0.02f), (30, -16), (90, -0.5f), (0.01f, -4)])
        {
            var (input, bias) = (RecurrentCase.Values(length, 1, -magnitude, magnitude), RecurrentCase.Values(length, 2, -magnitude / 4, magnitude / 4));
            var values = input.ToArray();
            DecayGate.Apply(values, bias, rate);
            for (var i = 0; i < length; i++)
            {
                double x = input[i] + bias[i];
                var exponent = rate * (Math.Max(x, 0) + double.LogP1(Math.Exp(-Math.Abs(x))));
                Assert.Equal(Math.Exp(exponent), values[i], (Bound * Math.Max(1, -exponent) * Math.Exp(exponent)) + float.Epsilon);
                Assert.InRange(values[i], 0, 1);
            }
        }
    }

    [Fact]
    public void A_slow_decay_keeps_its_digits()
    {
        // 1 − α over a thousand tokens: ln(1 + eˣ) computed as it stands would be 0 below x = −17.
        float[] values = [-12, -15, -16, -11.5f, -20, -14, -13, -18];
        var inputs = values.ToArray();
        DecayGate.Apply(values, new float[8], -1000);
        for (var i = 0; i < 8; i++)
        {
            var expected = -double.ExpM1(-1000 * double.LogP1(Math.Exp(inputs[i])));
            Assert.Equal(expected, 1 - (double)values[i], 1e-7);
        }
    }

    [Fact]
    public void Extremes_saturate_and_NaN_stays()
    {
        float[] values = [float.PositiveInfinity, 1e30f, float.NegativeInfinity, -1e30f, float.NaN];
        DecayGate.Apply(values, new float[5], -2);
        Assert.Equal([0f, 0f, 1f, 1f, float.NaN], values);
        float[] free = [float.MaxValue, 3];
        DecayGate.Apply(free, new float[2], 0);
        Assert.Equal([1f, 1f], free);
    }
}
