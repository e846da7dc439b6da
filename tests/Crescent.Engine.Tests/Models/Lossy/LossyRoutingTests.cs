using Crescent.Engine.Models.Layers;
using Xunit;

namespace Crescent.Tests.Models.Lossy;

/// <summary>Which experts of a token are dropped or replaced, worked out by hand.</summary>
public sealed class LossyRoutingTests
{
    [Theory]
    [InlineData(0.2f, true, new[] { 7, 3, 9, 1 }, new[] { 0.5f, 0.25f, 0.15f, 0.1f })] // the last is exactly a fifth
    [InlineData(0.25f, true, new[] { 7, 3, 9, -1 }, new[] { 0.5f / 0.9f, 0.25f / 0.9f, 0.15f / 0.9f, 0 })]
    [InlineData(0.25f, false, new[] { 7, 3, 9, -1 }, new[] { 0.5f, 0.25f, 0.15f, 0 })]
    [InlineData(0.4f, true, new[] { 7, 3, -1, -1 }, new[] { 0.5f / 0.75f, 0.25f / 0.75f, 0, 0 })]
    [InlineData(1f, true, new[] { 7, -1, -1, -1 }, new[] { 1f, 0, 0, 0 })]
    [InlineData(1f, false, new[] { 7, -1, -1, -1 }, new[] { 0.5f, 0, 0, 0 })]
    public void Gates_below_a_share_of_the_largest_are_dropped(float share, bool keepSum, int[] experts, float[] weights)
    {
        int[] chosen = [7, 3, 9, 1];
        float[] gates = [0.5f, 0.25f, 0.15f, 0.1f];
        LossyRouting.SkipWeak(chosen, gates, share, keepSum);
        Assert.Equal(experts, chosen);
        Assert.Equal(weights, gates, (expected, found) => MathF.Abs(expected - found) < 1e-6f);
    }

    [Fact]
    public void The_largest_gate_need_not_be_the_first()
    {
        // A bias takes part in the choice only: the best score may weigh least.
        int[] chosen = [4, 2, 8];
        float[] gates = [0.1f, 0.6f, 0.3f];
        LossyRouting.SkipWeak(chosen, gates, 0.5f, keepSum: true);
        Assert.Equal([-1, 2, 8], chosen);
        Assert.Equal([0, 0.6f / 0.9f, 0.3f / 0.9f], gates, (expected, found) => MathF.Abs(expected - found) < 1e-6f);
    }

    [Fact]
    public void Gates_that_are_no_numbers_stay_to_be_seen()
    {
        int[] chosen = [4, 2];
        float[] gates = [float.NaN, 0.1f];
        LossyRouting.SkipWeak(chosen, gates, 1, keepSum: true);
        Assert.Equal([4, 2], chosen);
        Assert.True(float.IsNaN(gates[0]));
    }

    // Scores 10, 9, 8, 6, 5, 4, 3 … of experts 0, 1, 2 …; four are chosen, from 10 down to 6: the range is 4.
    [Theory]
    [InlineData(new[] { 4 }, 0.25f, new[] { 0, 1, 2, 3 })] // 1 below the last: not less than a quarter of 4
    [InlineData(new[] { 4 }, 0.26f, new[] { 0, 1, 2, 4 })] // the last is 1 above, the one before 3
    [InlineData(new[] { 4, 3 }, 1f, new[] { 0, 1, 4, 3 })] // 9 − 5 is not less than 4, 8 − 5 is; 6 is there
    [InlineData(new[] { 4, 5, 6 }, 1f, new[] { 0, 1, 4, 5 })] // 9 − 5 is not less than 4, 8 − 5 and 6 − 4 are
    [InlineData(new[] { 1, 2, 3, 4 }, 100f, new[] { 0, 1, 2, 3 })] // nothing but the first is missing
    [InlineData(new[] { 4, 5, 6, 7 }, 100f, new[] { 0, 4, 5, 6 })] // all but the first are replaced
    [InlineData(new int[0], 100f, new[] { 0, 1, 2, 3 })]
    public void Missing_experts_give_way_to_those_in_memory_within_the_margin(int[] resident, float share, int[] expected)
    {
        float[] scores = [10, 9, 8, 6, 5, 4, 3, 2];
        int[] chosen = [0, 1, 2, 3];
        LossyRouting.PreferResident(scores, chosen, [.. Enumerable.Range(0, scores.Length).Select(resident.Contains)], share);
        Assert.Equal(expected, chosen);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(6, 1)]
    [InlineData(8, 2)]
    public void The_best_are_never_replaced(int topK, int kept)
    {
        const int Experts = 32;
        var router = new Router(new RouterOptions(RouterScore.Sigmoid, topK, Normalise: true, Scale: 1), bias: null);
        var random = new Random(topK);
        var (scratch, exact, found, weights) = (new float[2 * Experts], new int[topK], new int[topK], new float[topK]);
        var replaced = 0;
        for (var round = 0; round < 100; round++)
        {
            var logits = Enumerable.Range(0, Experts).Select(_ => random.NextSingle() * 8).ToArray();
            var resident = Enumerable.Range(0, Experts).Select(_ => random.Next(2) == 0).ToArray();
            router.Choose([.. logits], scratch, exact, weights);
            router.Choose([.. logits], scratch, found, weights, resident, 100);
            Assert.Equal(exact[..kept], found[..kept]);
            Assert.Equal(topK, found.Distinct().Count());
            Assert.All(found[kept..], (expert, k) => Assert.True(resident[expert] || expert == exact[kept + k]));
            Assert.Equal(1, weights.Sum(), 1e-5f); // weighed as the model weighs those it chose
            replaced += found.Except(exact).Count();
        }

        Assert.True(topK == 1 || replaced > 0);
    }

    [Fact]
    public void Experts_of_groups_that_are_out_never_step_in()
    {
        // Two groups of four, one of which is used: the first.
        var router = new Router(new RouterOptions(RouterScore.Sigmoid, 2, Normalise: true, Scale: 1, Groups: 2, GroupsUsed: 1), bias: null);
        var (chosen, weights) = (new int[2], new float[2]);
        router.Choose([5, 4, 1, 1, 3, 3, 3, 3], new float[16], chosen, weights, [true, false, false, false, true, true, true, true], 1000);
        Assert.Equal([0, 1], chosen);
    }
}
