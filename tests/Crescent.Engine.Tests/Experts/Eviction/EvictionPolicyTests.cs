using Crescent.Engine.Experts.Eviction;
using Xunit;

namespace Crescent.Tests.Experts.Eviction;

public sealed class EvictionPolicyTests
{
    public static TheoryData<EvictionPolicyKind> Policies => [.. Enum.GetValues<EvictionPolicyKind>()];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Empty_slots_come_first_and_pinned_ones_never(EvictionPolicyKind kind)
    {
        switch (kind)
        {
            case EvictionPolicyKind.Lru:
                Check<LeastRecentlyUsed>();
                break;
            case EvictionPolicyKind.Gate:
                Check<GateWeightedRecency>();
                break;
            case EvictionPolicyKind.Lfu:
                Check<DecayingFrequency>();
                break;
            default:
                Check<TwoQueues>();
                break;
        }
    }

    [Fact]
    public void Of_experts_used_once_in_the_same_step_the_one_with_the_smallest_share_gives_way()
    {
        var policy = GateWeightedRecency.Create(3, 8);
        foreach (var (slot, share) in new[] { (0, 0.5f), (1, 0.2f), (2, 0.3f) })
        {
            policy.Filled(slot, slot + 4, 1);
            policy.Touch(slot, slot + 4, share, 1);
        }

        Assert.Equal(1, policy.Victim([false, false, false]));
        Assert.Equal(2, policy.Victim([false, true, false]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_share_that_is_none_counts_as_a_use_all_the_same(float share)
    {
        var policy = GateWeightedRecency.Create(2, 4);
        policy.Filled(0, 0, 1);
        policy.Filled(1, 1, 1);
        policy.Touch(0, 0, share, 1);
        Assert.Equal(1, policy.Victim([false, false])); // the one that was never used
    }

    [Fact]
    public void Sums_of_uses_hold_for_more_steps_than_anyone_will_run()
    {
        var policy = GateWeightedRecency.Create(2, 2);
        policy.Filled(0, 0, 0);
        policy.Filled(1, 1, 0);
        for (var step = 0L; step < 1L << 40; step += 1L << 30)
        {
            policy.Touch(0, 0, 0.1f, step);
            policy.Touch(1, 1, 0.2f, step);
        }

        Assert.Equal(0, policy.Victim([false, false]));
    }

    [Fact]
    public void Experts_that_pass_once_do_not_push_out_those_in_use()
    {
        const int Slots = 20;
        var policy = TwoQueues.Create(Slots, 1000);
        var expertOf = new int[Slots];
        for (var slot = 0; slot < Slots; slot++)
        {
            Fill(slot, slot, step: slot);
        }

        for (var step = 100; step < 110; step++)
        {
            for (var slot = 0; slot < 10; slot++)
            {
                policy.Touch(slot, slot, 0.1f, step);
            }
        }

        for (var step = 200; step < 300; step++)
        {
            Fill(policy.Victim(new bool[Slots]), step, step);
        }

        Assert.Equal(Enumerable.Range(0, 10), expertOf.Where(expert => expert < 10).Order());

        void Fill(int slot, int expert, long step)
        {
            expertOf[slot] = expert;
            policy.Filled(slot, expert, step);
            policy.Touch(slot, expert, 0.1f, step);
        }
    }

    private static void Check<TPolicy>()
        where TPolicy : struct, IEvictionPolicy<TPolicy>
    {
        const int Slots = 6;
        const int Experts = 40;
        var policy = TPolicy.Create(Slots, Experts);
        var random = new Random(5);
        var filled = new HashSet<int>();
        for (var step = 0; step < 500; step++)
        {
            var pinned = Enumerable.Range(0, Slots).Select(_ => random.Next(2) == 0).ToArray();
            var victim = policy.Victim(pinned);
            if (pinned.All(pin => pin))
            {
                Assert.Equal(-1, victim);
                continue;
            }

            Assert.InRange(victim, 0, Slots - 1);
            Assert.False(pinned[victim]);
            Assert.True(!filled.Contains(victim) || Enumerable.Range(0, Slots).All(slot => pinned[slot] || filled.Contains(slot)), "an empty slot was passed over");
            filled.Add(victim);
            var expert = random.Next(Experts);
            policy.Filled(victim, expert, step);
            policy.Touch(victim, expert, random.NextSingle(), step);
        }

        Assert.Equal(-1, TPolicy.Create(0, Experts).Victim([]));
    }
}
