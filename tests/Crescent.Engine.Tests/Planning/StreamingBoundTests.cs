using System.Globalization;
using Crescent.Engine.Planning;
using Xunit;

namespace Crescent.Tests.Planning;

public sealed class StreamingBoundTests
{
    private const double ExpertBytes = 11.9e9; // of a token
    private const int Experts = 384;

    // The published estimate for Kimi K2 (hit rates and tok/s for a = .45/.30/.20; where one number stands memory is the limit). What it took for memory's bandwidth and
    // for the bytes that every token reads beside experts (4-bit below 128 GB, else 8-bit) follows from its own column of limits.
    [Theory]
    [InlineData(12, 78, 5.9, "21/35/50", "3.5: .37/.45/.59", "7: .74/.91/1.2", "14: 1.5/1.8/2.3")]
    [InlineData(33, 79, 5.9, "33/48/61", "3.5: .44/.57/.76", "7: .88/1.1/1.5", "14: 1.8/2.3/3.0")]
    [InlineData(70, 78, 10.5, "46/60/71", "3.5: .55/.74/1.0", "7: 1.1/1.5/2.0", "14: 2.2/2.9/3.0")]
    [InlineData(151, 195, 10.5, "66/76/83", "3.5: .86/1.2/1.7", "7: 1.7/2.4/3.5", "14: 3.4/4.8/6.9")]
    [InlineData(313, 291, 10.5, "91/94/96", "3.5: 3.3/4.9/7.3", "7: 6.7/9.9/12.7")]
    public void The_published_estimate_for_Kimi_K2_comes_out_again(int slots, double memory, double resident, string hitRates, params string[] speeds)
    {
        for (var i = 0; i < 3; i++)
        {
            var hitRate = StreamingBound.HitRate((double)slots / Experts, StreamingBound.Exponents[i].Exponent);
            AssertRounded(hitRates.Split('/')[i], hitRate * 100);
            foreach (var line in speeds)
            {
                var (drive, expected) = (double.Parse(line.Split(':')[0], CultureInfo.InvariantCulture), line.Split(':')[1].Trim().Split('/')[i]);
                var time = StreamingBound.Decode(ExpertBytes, resident * 1e9, hitRate, macs: 0, new MachineRates(drive * 1e9, memory * 1e9));
                AssertRounded(expected, 1 / time.Seconds);
            }
        }
    }

    [Fact]
    public void A_hit_rate_is_none_without_slots_and_whole_with_a_slot_for_all()
    {
        Assert.Equal(0, StreamingBound.HitRate(0, 0.3));
        Assert.Equal(1, StreamingBound.HitRate(1, 0.3));
        Assert.Equal(0.5, StreamingBound.HitRate(0.25, 0.5), 12);
    }

    [Fact]
    public void Each_part_of_a_machine_has_its_term()
    {
        var time = StreamingBound.Decode(expertBytes: 8e9, residentBytes: 6e9, hitRate: 0.25, macs: 30e9, new MachineRates(3e9, 40e9, 600e9));
        Assert.Equal((2.0, 0.5, 0.05), (time.DriveSeconds, time.MemorySeconds, time.ComputeSeconds));
        Assert.Equal((2.0, 2.55, 2.5), (time.Seconds, time.SerialSeconds, time.ExpectedSeconds));
    }

    // Σ over experts of the chance that one of the tokens takes it, by drawing.
    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(256)]
    public void Distinct_experts_are_those_that_random_tokens_choose(int tokens)
    {
        var random = new Random(3);
        var total = 0;
        for (var trial = 0; trial < 200; trial++)
        {
            var chosen = new HashSet<int>();
            for (var token = 0; token < tokens; token++)
            {
                chosen.UnionWith(random.GetItems(Enumerable.Range(0, Experts).ToArray(), Experts).Distinct().Take(8));
            }

            total += chosen.Count;
        }

        Assert.Equal(total / 200.0, Experts * StreamingBound.DistinctShare(8, Experts, tokens), Experts * 0.01);
    }

    [Fact]
    public void A_run_is_put_beside_the_bound_of_its_own_hit_rate()
    {
        var model = PlannedModels.KimiK2();
        var rates = new MachineRates(7e9, 80e9);
        var run = new StreamedRun(Tokens: 10, Seconds: 12, ExpertUses: 4800, ExpertHits: 2400, DriveBytes: (long)(10 * model.ExpertBytesPerToken * 0.5));
        Assert.Equal(0.5, run.HitRate);
        Assert.Equal(7e9 / run.DriveBytesPerToken, run.BoundPerSecond(model, rates), 6);
        Assert.Equal(1 / (run.DriveBytesPerToken / 7e9 + ((1.5 * model.ExpertBytesPerToken) + model.ResidentBytes) / 80e9), run.ExpectedPerSecond(model, rates), 6);
        Assert.Equal(10 / 12.0 / run.BoundPerSecond(model, rates), run.ShareOfBound(model, rates), 6);
    }

    // Within one of the last digit that is printed: the estimate rounded its slots' share before it went on.
    private static void AssertRounded(string expected, double found)
    {
        var decimals = expected.Contains('.') ? expected.Length - expected.IndexOf('.') - 1 : 0;
        var value = double.Parse(expected, CultureInfo.InvariantCulture);
        Assert.InRange(found, value - Math.Pow(10, -decimals), value + Math.Pow(10, -decimals));
    }
}
