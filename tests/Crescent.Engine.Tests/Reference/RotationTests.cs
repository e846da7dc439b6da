using Xunit;

namespace Crescent.Tests.Reference;

/// <summary>Published numbers of YaRN, as their makers' code gives them.</summary>
public sealed class RotationTests
{
    private const double Exact = 1e-14;

    [Theory]
    [InlineData(50000, 32, 1, 1, 1, 0.13086079996295005)] // Kimi K2
    [InlineData(50000, 64, 1, 1, 1, 0.14467962580268923)] // Kimi K2 Instruct-0905, Thinking
    [InlineData(10000, 40, 32, 1, 1, 0.13523377886)] // DeepSeek-V3
    [InlineData(10000, 40, 32, 1, 0.707, 0.11472138679)] // DeepSeek-V2-Lite
    public void The_scale_of_latent_scores_is_the_published_one(double theta, double factor, double betaFast, double betaSlow, double mscale, double expected)
    {
        var (rotation, gain) = DeepSeekReferenceConfig.Yarn(theta, 64, factor, 4096, betaFast, betaSlow, mscale, mscale);
        Assert.Equal(expected, gain / Math.Sqrt(192), 1e-11);
        Assert.Equal(1, rotation.Magnitude);
    }

    [Fact]
    public void Kimi_K2s_frequencies_are_the_published_ones()
    {
        var of64 = Rotation.Yarn(50000, 64, isInterleaved: true, 64, 4096, 1, 1).Frequencies;
        double[] expected = [1, 0.0668740304976422, 0.0340072781554661, 0.0022742037565104413, 0.0016217599081159522, 1.8070233867863153e-05, 4.382206455794937e-07];
        int[] at = [0, 8, 10, 18, 19, 20, 31];
        Assert.All(at.Zip(expected), pair => Assert.Equal(pair.Second, of64[pair.First], pair.Second * Exact));

        var of32 = Rotation.Yarn(50000, 64, isInterleaved: true, 32, 4096, 1, 1).Frequencies;
        Assert.Equal(3.6140467735726306e-05, of32[20], 1e-19);
        Assert.Equal(8.764412911589874e-07, of32[31], 1e-20);
    }

    [Fact]
    public void Gpt_oss_keeps_its_ramp_between_whole_numbers()
    {
        var rotation = Rotation.Yarn(150000, 64, isInterleaved: false, 32, 4096, 32, 1, truncate: false);
        Assert.Equal(1.3465735902799727, rotation.Magnitude, Exact);
        // The ramp runs from 8.0928 to 17.3980: all of 8's frequency is kept, a little of 9's is not, and none of 18's is.
        var plain = Rotation.Plain(150000, 64, isInterleaved: false).Frequencies;
        Assert.Equal(plain[8], rotation.Frequencies[8], Exact);
        var ramp = (9 - 8.0928) / (17.3980 - 8.0928);
        Assert.Equal(plain[9] * (1 - ramp + (ramp / 32)), rotation.Frequencies[9], 1e-6);
        Assert.Equal(plain[18] / 32, rotation.Frequencies[18], Exact);
    }

    [Fact]
    public void A_rotation_keeps_lengths_and_depends_on_distance_alone()
    {
        foreach (var isInterleaved in new[] { true, false })
        {
            var rotation = Rotation.Plain(10000, 8, isInterleaved);
            double Product(int a, int b)
            {
                double[] x = [1, 2, -3, 4, 0.5, -6, 7, 8];
                double[] y = [2, -1, 0, 3, 1, 5, -2, 0.25];
                return rotation.ApplyToHeads(x, 8, a).Zip(rotation.ApplyToHeads(y, 8, b), (p, q) => p * q).Sum();
            }

            Assert.Equal(Product(3, 1), Product(103, 101), 1e-11);
            Assert.Equal(Product(0, 0), Product(50, 50), 1e-11);
            Assert.NotEqual(Product(3, 1), Product(4, 1), 1e-3);
        }
    }
}
