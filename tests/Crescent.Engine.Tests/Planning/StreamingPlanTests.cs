using Crescent.Engine.Planning;
using Crescent.Kernels;
using Xunit;

namespace Crescent.Tests.Planning;

public sealed class StreamingPlanTests
{
    private static readonly MachineRates s_rates = new(7e9, 80e9);

    [Fact]
    public void All_of_a_budget_has_a_use()
    {
        var plan = Plan(64_000_000_000);
        Assert.Equal(
            plan.Options.Memory,
            plan.SlotBytes + plan.Model.ResidentBytes + plan.ScratchBytes + plan.CacheBytes + plan.MarginBytes + StreamingPlan.RuntimeBytes);
        Assert.Equal(plan.SlotBytes / plan.Model.SlotBytes, plan.Slots);
        Assert.Equal(plan.Slots / 384.0, plan.Share, 12);
    }

    [Fact]
    public void The_least_budget_holds_two_layers_experts_and_a_byte_less_does_not()
    {
        var model = PlannedModels.KimiK2();
        var options = new StreamingPlanOptions { Memory = 0 };
        var least = StreamingPlan.LeastBytes(model, options);
        var plan = StreamingPlan.Make(model, options with { Memory = least });
        Assert.InRange(plan.SlotBytes, 2 * 8 * 24_772_608L, (2 * 8 * 24_772_608L) + 4096);
        var refusal = Assert.Throws<NotSupportedException>(() => StreamingPlan.Make(model, options with { Memory = least - 1 }));
        Assert.Contains("expected at least 8.1 GB", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_for_all_reads_nothing()
    {
        var plan = Plan(700_000_000_000);
        Assert.Equal((384, 1.0), (plan.Slots, plan.Share));
        Assert.Equal(0, plan.Decode(StreamingBound.HitRate(plan.Share, 0.3), s_rates).DriveSeconds);
        Assert.Equal(0, plan.Prefill(512, isCold: false, s_rates).DriveSeconds);
    }

    // 100 cold tokens cost over a minute at 7 GB/s; all experts are read from some 256 tokens on.
    [Fact]
    public void A_prompt_reads_each_expert_once_a_chunk()
    {
        var plan = Plan(64_000_000_000);
        Assert.InRange(plan.SecondsToFirstToken(100, isCold: true, s_rates), 60, 80);
        Assert.InRange(plan.DistinctExperts(256), 382, 384);
        Assert.Equal(plan.Model.ExpertBytes / 7e9, plan.Prefill(4096, isCold: true, s_rates).Seconds, 0.1);
        var warm = plan.Prefill(512, isCold: false, s_rates).Seconds;
        Assert.Equal(plan.Prefill(512, isCold: true, s_rates).Seconds + warm + plan.Prefill(76, isCold: false, s_rates).Seconds, plan.SecondsToFirstToken(1100, isCold: true, s_rates), 9);
        Assert.Equal((1 - plan.Share) * plan.DistinctBytes(512) / 7e9, warm, 9);
    }

    [Fact]
    public void A_longer_context_takes_from_the_slots()
    {
        var model = PlannedModels.KimiK2();
        var plan = StreamingPlan.Make(model, new StreamingPlanOptions { Memory = 64_000_000_000, Context = 262_144 });
        Assert.Equal(262_144L * 70_272, plan.CacheBytes);
        Assert.True(plan.Slots < Plan(64_000_000_000).Slots);
    }

    [Fact]
    public void A_model_without_experts_is_all_resident_or_refused()
    {
        var model = PlannedModels.Of("llama-3.2-1b", DType.Q8_0);
        var plan = StreamingPlan.Make(model, new StreamingPlanOptions { Memory = 4_000_000_000 });
        Assert.Equal((0, 1.0), (plan.Slots, plan.Share));
        Assert.Equal(model.ResidentBytes / 80e9, plan.Decode(1, s_rates).Seconds, 12);
        Assert.Throws<NotSupportedException>(() => StreamingPlan.Make(model, new StreamingPlanOptions { Memory = 1_000_000_000 }));
    }

    private static StreamingPlan Plan(long memory) => StreamingPlan.Make(PlannedModels.KimiK2(), new StreamingPlanOptions { Memory = memory });
}
