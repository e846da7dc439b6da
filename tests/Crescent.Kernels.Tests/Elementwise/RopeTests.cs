using Crescent.Kernels.Elementwise;
using Xunit;

namespace Crescent.Kernels.Tests.Elementwise;

public class RopeTests
{
    private const double AnchorBound = 1e-12; // relative

    // Of values in −1..1: two products, each within half an ulp of factors and values, and their sum.
    private const double RotationBound = 4e-7;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(8, 0.0668740304976422)]
    [InlineData(10, 0.0340072781554661)]
    [InlineData(18, 0.0022742037565104413)]
    [InlineData(19, 0.0016217599081159522)]
    [InlineData(20, 1.8070233867863153e-05)]
    [InlineData(31, 4.382206455794937e-07)]
    public void Kimi_K2_Thinking_has_these_frequencies(int pair, double expected) => AssertRelative(expected, KimiK2(64)[pair]);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(19, 0.0016217599081159522)]
    [InlineData(20, 3.6140467735726306e-05)]
    [InlineData(31, 8.764412911589874e-07)]
    public void Kimi_K2_has_these_frequencies(int pair, double expected) => AssertRelative(expected, KimiK2(32)[pair]);

    [Theory]
    [InlineData(32, 50000, 1, 1, 19, 20)]
    [InlineData(64, 50000, 1, 1, 19, 20)]
    [InlineData(64, 50000, 32, 1, 8, 20)]
    [InlineData(40, 10000, 32, 1, 10, 23)]
    public void The_ramp_of_published_models_begins_and_ends_here(double factor, double theta, double fast, double slow, double low, double high) =>
        Assert.Equal((low, high), RopeFrequencies.Ramp(64, theta, new YarnScaling(factor, 4096, fast, slow)));

    [Fact]
    public void Without_rounding_the_ramp_of_gpt_oss_ends_between_pairs()
    {
        var (low, high) = RopeFrequencies.Ramp(64, 150000, new YarnScaling(32, 4096, 32, 1, Truncate: false));
        Assert.Equal(8.0928, low, 1e-4);
        Assert.Equal(17.3980, high, 1e-4);
    }

    [Theory]
    [InlineData(64, 500000, 32, 1, 4, 8192)]
    [InlineData(128, 500000, 8, 1, 4, 8192)]
    public void Llama_3_keeps_short_wavelengths_and_divides_long_ones(int width, double theta, double factor, double low, double high, double original)
    {
        var plain = RopeFrequencies.Plain(width, theta);
        var scaled = RopeFrequencies.Llama3(width, theta, new Llama3Scaling(factor, low, high, original));
        var (kept, between, divided) = (0, 0, 0);
        for (var i = 0; i < plain.Length; i++)
        {
            var wavelength = 2 * Math.PI / plain[i];
            var t = ((original / wavelength) - low) / (high - low);
            var expected = wavelength < original / high ? plain[i] : wavelength > original / low ? plain[i] / factor : ((1 - t) * plain[i] / factor) + (t * plain[i]);
            AssertRelative(expected, scaled[i]);
            (kept, between, divided) = (kept + (t >= 1 ? 1 : 0), between + (t is > 0 and < 1 ? 1 : 0), divided + (t <= 0 ? 1 : 0));
        }

        Assert.True(kept > 10 && between > 2 && divided > 10);
    }

    [Fact]
    public void A_ramp_of_no_width_does_not_divide_by_nothing()
    {
        var frequencies = RopeFrequencies.Yarn(4, 10000, new YarnScaling(4, 8, 32, 1));
        Assert.All(frequencies, frequency => Assert.True(double.IsFinite(frequency) && frequency > 0));
    }

    [Theory]
    [InlineData(32, 1, 1.3465735902799727, 0.13086079996295005)]
    [InlineData(64, 1, 1.4158883083359672, 0.14467962580268923)]
    [InlineData(1, 1, 1, 0.07216878364870322)]
    public void The_magnitude_scales_the_softmax(double factor, double mscale, double magnitude, double scale)
    {
        var m = RopeFrequencies.Magnitude(factor, mscale);
        AssertRelative(magnitude, m);
        AssertRelative(scale, m * m / Math.Sqrt(192));
    }

    // Given to fewer digits.
    [Theory]
    [InlineData(40, 1, 1.3688879454113936, 0.13523377886)]
    [InlineData(40, 0.707, 1.2608037774, 0.11472138679)]
    public void The_magnitude_of_DeepSeek_scales_the_softmax(double factor, double mscale, double magnitude, double scale)
    {
        var m = RopeFrequencies.Magnitude(factor, mscale);
        Assert.Equal(magnitude, m, 1e-10);
        Assert.Equal(scale, m * m / Math.Sqrt(192), 1e-10);
    }

    [Fact]
    public void Linear_and_divided_frequencies_are_quotients_of_the_plain_ones()
    {
        var plain = RopeFrequencies.Plain(6, 10000);
        Assert.Equal([1, Math.Pow(10000, -2.0 / 6), Math.Pow(10000, -4.0 / 6)], plain);
        Assert.Equal([plain[0] / 4, plain[1] / 4, plain[2] / 4], RopeFrequencies.Linear(6, 10000, 4));
        Assert.Equal([plain[0], plain[1] / 2, plain[2] / 8], RopeFrequencies.Divided(plain, [1, 2, 8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RopeFrequencies.Divided(plain, [1, 2]));
    }

    public static TheoryData<RopePairing, int, int> Rotations
    {
        get
        {
            var rows = new TheoryData<RopePairing, int, int>();
            foreach (var pairing in Enum.GetValues<RopePairing>())
            {
                foreach (var width in (int[])[2, 6, 8, 16, 18, 30, 64, 128])
                {
                    foreach (var position in (int[])[0, 1, 31, 4096, 131071, 1_000_000])
                    {
                        rows.Add(pairing, width, position);
                    }
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rotations))]
    public void A_rotation_is_that_of_the_angle_in_double_precision(RopePairing pairing, int width, int position)
    {
        const double Magnitude = 1.25;
        var frequencies = RopeFrequencies.Plain(width, 10000);
        var rope = new Rope(pairing, frequencies, Magnitude);
        Assert.Equal((width, 2 * width), (rope.Width, rope.RowLength));
        var factors = new float[rope.RowLength];
        rope.Factors(position, factors);
        var random = new Random(width);
        var values = Enumerable.Range(0, width).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
        var rotated = values.ToArray();
        rope.Rotate(rotated, factors);
        for (var i = 0; i < width / 2; i++)
        {
            var (a, b) = pairing == RopePairing.Interleaved ? (2 * i, (2 * i) + 1) : (i, i + (width / 2));
            var angle = position * frequencies[i];
            Assert.Equal(Magnitude * ((values[a] * Math.Cos(angle)) - (values[b] * Math.Sin(angle))), rotated[a], Magnitude * RotationBound);
            Assert.Equal(Magnitude * ((values[a] * Math.Sin(angle)) + (values[b] * Math.Cos(angle))), rotated[b], Magnitude * RotationBound);
        }
    }

    private static double[] KimiK2(double factor) => RopeFrequencies.Yarn(64, 50000, new YarnScaling(factor, 4096, 1, 1));

    private static void AssertRelative(double expected, double actual) =>
        Assert.True(Math.Abs(actual - expected) <= AnchorBound * Math.Abs(expected), $"expected {expected:R}, found {actual:R}");
}
