using Crescent.Kernels.Elementwise;
using Xunit;

namespace Crescent.Kernels.Tests.Elementwise;

/// <summary>Row operations against the same formula in double precision, at lengths around the vector widths.</summary>
public class ElementwiseTests
{
    private const double NormBound = 2e-6; // relative: a float32 sum of up to 7168 squares in 16 lanes, a root, two products
    private const double ProbabilityBound = 5e-7; // absolute
    private const double GateBound = 1e-6; // of max(1, |x·up|): the exponent's rounding is worth |x| ulps where the result is tiny
    private const double CapBound = 5e-7; // of the cap

    public static TheoryData<int> Lengths => [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100, 7168];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void RmsNorm_divides_by_the_root_of_the_mean_square(int length)
    {
        foreach (var magnitude in (float[])[1e-3f, 1, 1e4f])
        {
            var (input, weight) = (Values(length, 1, magnitude), Values(length, 2));
            var output = new float[length];
            RmsNorm.Apply(input, weight, 1e-5f, output);
            var scale = 1 / Math.Sqrt((input.Sum(x => (double)x * x) / length) + 1e-5f);
            for (var i = 0; i < length; i++)
            {
                var expected = input[i] * scale * weight[i];
                Assert.Equal(expected, output[i], NormBound * Math.Abs(expected));
            }

            RmsNorm.Apply(input, weight, 1e-5f, input);
            Assert.Equal(output, input);
        }
    }

    [Fact]
    public void RmsNorm_of_zeros_is_zero()
    {
        var output = new float[9];
        RmsNorm.Apply(new float[9], Values(9, 1), 1e-6f, output);
        Assert.All(output, value => Assert.Equal(0, value));
    }

    [Fact]
    public void RmsNorm_hands_NaN_on()
    {
        var values = Values(20, 1);
        values[13] = float.NaN;
        RmsNorm.Apply(values, Values(20, 2), 1e-6f, values);
        Assert.All(values, value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Softmax_gives_the_probabilities(int length)
    {
        foreach (var (magnitude, offset) in ((float, float)[])[(1, 0), (50, 0), (20, 30_000), (20, -30_000), (1e30f, 0)])
        {
            var values = Values(length, 3, magnitude);
            for (var i = 0; i < length; i++)
            {
                values[i] += offset;
            }

            AssertSoftmax(values);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Softmax_gives_minus_infinity_no_weight(int length)
    {
        var values = Values(length, 4, 10);
        for (var i = 1; i < length; i += 2)
        {
            values[i] = float.NegativeInfinity;
        }

        AssertSoftmax(values);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Gated_units_are_their_formulas(int length)
    {
        foreach (var magnitude in (float[])[1, 10, 90])
        {
            var (gate, up) = (Values(length, 5, magnitude), Values(length, 6));
            var (silu, gelu) = (gate.ToArray(), gate.ToArray());
            GatedUnit.Apply(GateFunction.Silu, silu, up);
            GatedUnit.Apply(GateFunction.GeluTanh, gelu, up);
            for (var i = 0; i < length; i++)
            {
                double x = gate[i];
                var bound = GateBound * Math.Max(1, Math.Abs(x * up[i]));
                Assert.Equal(x / (1 + Math.Exp(-x)) * up[i], silu[i], bound);
                Assert.Equal(0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) * up[i], gelu[i], bound);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void The_clamped_unit_is_its_formula(int length)
    {
        foreach (var magnitude in (float[])[1, 10, 90])
        {
            var (gate, up) = (Values(length, 8, magnitude), Values(length, 9, magnitude));
            var product = gate.ToArray();
            GatedUnit.Apply(GateFunction.ClampedSwiGlu, product, up);
            for (var i = 0; i < length; i++)
            {
                double g = Math.Min(gate[i], 7f);
                double u = Math.Clamp(up[i], -7f, 7f);
                Assert.Equal(g / (1 + Math.Exp(-1.702 * g)) * (u + 1), product[i], GateBound * Math.Max(1, Math.Abs(g * (u + 1))));
            }
        }
    }

    [Fact]
    public void The_clamped_unit_saturates_without_NaN()
    {
        float[] gate = [1e4f, -1e4f, 3e38f, 0, 1e-40f, 7, 1e4f, 1e4f, 1e4f];
        GatedUnit.Apply(GateFunction.ClampedSwiGlu, gate, [1, 1, 0, 3, 1, 7, 3e38f, -3e38f, -1]);
        Assert.Equal(new float[] { 0, 0 }, (float[])[gate[1], gate[3]]);
        double[] expected = [14, 7, 56, 56, -42, 0];
        float[] actual = [gate[0], gate[2], gate[5], gate[6], gate[7], gate[8]];
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-3)); // sigmoid(7 · 1.702) is 1 − 7e-6
    }

    [Theory]
    [InlineData(GateFunction.Silu)]
    [InlineData(GateFunction.GeluTanh)]
    public void Gated_units_saturate_without_NaN(GateFunction function)
    {
        float[] gate = [1e4f, -1e4f, 3e38f, 0, -0f, 1e-40f, 200, -200, 1e4f, -1e4f];
        GatedUnit.Apply(function, gate, Enumerable.Repeat(1f, gate.Length).ToArray());
        Assert.Equal(new float[] { 1e4f, 0, 3e38f, 0, 0 }, gate[..5]);
        Assert.Equal(new float[] { 200, 0, 1e4f, 0 }, gate[6..]);
    }

    [Fact]
    public void A_value_does_not_depend_on_where_it_stands()
    {
        var (capped, weights, up) = (Enumerable.Repeat(7.7f, 29).ToArray(), Enumerable.Repeat(0.7f, 29).ToArray(), Enumerable.Repeat(1.3f, 29).ToArray());
        SoftCap.Apply(capped, 30);
        Softmax.ExpInPlace(weights, 1.1f);
        Assert.Single(capped.Distinct());
        Assert.Single(weights.Distinct());
        foreach (var function in Enum.GetValues<GateFunction>())
        {
            var gate = Enumerable.Repeat(0.7f, 29).ToArray();
            GatedUnit.Apply(function, gate, up);
            Assert.Single(gate.Distinct());
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void L2Norm_divides_by_the_length(int length)
    {
        foreach (var (magnitude, wanted) in ((float, float)[])[(1e-3f, 1), (1, 0.25f), (1e4f, 3)])
        {
            var input = Values(length, 11, magnitude);
            var values = input.ToArray();
            L2Norm.Apply(values, 1e-6f, wanted);
            var scale = wanted / Math.Sqrt(input.Sum(x => (double)x * x) + 1e-6f);
            for (var i = 0; i < length; i++)
            {
                Assert.Equal(input[i] * scale, values[i], NormBound * Math.Abs(input[i] * scale));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Squares_are_added_alike_in_vectors_and_tails(int length)
    {
        var (values, start) = (Values(length, 14), Values(length, 15));
        var sums = start.ToArray();
        VectorMath.AddSquares(sums, values);
        for (var i = 0; i < length; i++)
        {
            var square = values[i] * values[i];
            Assert.Equal(start[i] + square, sums[i]);
        }
    }

    [Fact]
    public void L2Norm_of_zeros_is_zero()
    {
        var values = new float[9];
        L2Norm.Apply(values, 1e-6f);
        Assert.All(values, value => Assert.Equal(0, value));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_sigmoid_gate_is_its_formula(int length)
    {
        foreach (var magnitude in (float[])[1, 10, 90])
        {
            var (input, gate) = (Values(length, 12), Values(length, 13, magnitude));
            var values = input.ToArray();
            SigmoidGate.Apply(values, gate);
            for (var i = 0; i < length; i++)
            {
                Assert.Equal(input[i] / (1 + Math.Exp(-gate[i])), values[i], GateBound);
            }
        }
    }

    [Fact]
    public void A_sigmoid_gate_saturates_without_NaN()
    {
        float[] values = [2, 2, 2, 2, 2, 2, 2, 2, 2];
        SigmoidGate.Apply(values, [1e4f, -1e4f, float.PositiveInfinity, float.NegativeInfinity, 0, 200, -200, 3e38f, -3e38f]);
        Assert.Equal([2f, 0, 2, 0, 1, 2, 0, 2, 0], values);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void SoftCap_is_a_scaled_tanh(int length)
    {
        foreach (var magnitude in (float[])[1e-3f, 30, 1e4f])
        {
            var values = Values(length, 7, magnitude);
            var capped = values.ToArray();
            SoftCap.Apply(capped, 30);
            for (var i = 0; i < length; i++)
            {
                Assert.Equal(30 * Math.Tanh(values[i] / 30.0), capped[i], 30 * CapBound);
            }
        }
    }

    [Fact]
    public void SoftCap_takes_infinity_to_the_cap()
    {
        float[] values = [float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -0f, float.NaN];
        SoftCap.Apply(values, 30);
        Assert.Equal([30f, -30f, 30f, -0f, float.NaN], values);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Sums_and_scaled_sums_are_exact_to_the_bit(int length)
    {
        var (target, values) = (Values(length, 8), Values(length, 9));
        var (added, scaled) = (target.ToArray(), target.ToArray());
        VectorMath.Add(added, values);
        VectorMath.AddScaled(scaled, values, 0.3f);
        for (var i = 0; i < length; i++)
        {
            Assert.Equal(target[i] + values[i], added[i]);
            var product = values[i] * 0.3f;
            Assert.Equal(target[i] + product, scaled[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Products_sigmoids_and_maxima_are_those_of_each_value(int length)
    {
        var (values, factors) = (Values(length, 16, 20), Values(length, 17));
        var (multiplied, scaled, sigmoids, holes) = (values.ToArray(), values.ToArray(), values.ToArray(), values.ToArray());
        holes[length / 2] = float.NaN;
        VectorMath.Multiply(multiplied, factors);
        VectorMath.Scale(scaled, 0.3f);
        VectorMath.Sigmoid(sigmoids);
        Assert.Equal(values.Max(), VectorMath.Maximum(values));
        Assert.True(float.IsNaN(VectorMath.Maximum(holes)));
        VectorMath.LowestForNaN(holes);
        for (var i = 0; i < length; i++)
        {
            Assert.Equal(values[i] * factors[i], multiplied[i]);
            Assert.Equal(values[i] * 0.3f, scaled[i]);
            Assert.Equal(1 / (1 + Math.Exp(-values[i])), sigmoids[i], GateBound);
            Assert.Equal(i == length / 2 ? float.NegativeInfinity : values[i], holes[i]);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void One_value_that_is_not_finite_is_found_wherever_it_stands(float bad)
    {
        for (var length = 1; length < 20; length++)
        {
            var values = Values(length, 10, float.MaxValue);
            Assert.True(VectorMath.AllFinite(values));
            for (var i = 0; i < length; i++)
            {
                var value = values[i];
                values[i] = bad;
                Assert.False(VectorMath.AllFinite(values));
                values[i] = value;
            }
        }
    }

    private static void AssertSoftmax(float[] values)
    {
        var max = (double)values.Max();
        var weights = values.Select(value => Math.Exp(value - max)).ToArray();
        var sum = weights.Sum();
        var actual = values.ToArray();
        Softmax.Apply(actual);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(weights[i] / sum, actual[i], ProbabilityBound);
            Assert.True(!float.IsNegativeInfinity(values[i]) || actual[i] == 0);
        }
    }

    // −magnitude..magnitude
    private static float[] Values(int length, int seed, float magnitude = 1)
    {
        var random = new Random(seed + (length * 31));
        return [.. Enumerable.Range(0, length).Select(_ => ((random.NextSingle() * 2) - 1) * magnitude)];
    }
}
