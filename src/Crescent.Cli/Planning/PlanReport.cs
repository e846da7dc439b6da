using Crescent.Cli.Json;
using Crescent.Engine.Planning;
using Crescent.Kernels;

namespace Crescent.Cli.Planning;

/// <summary>Computes what <c>crescent plan</c> tells.</summary>
internal static class PlanReport
{
    private const double JoulesPerKwh = 3.6e6;
    private const double Million = 1e6;

    private static readonly int[] s_chunks = [512, 2048, 8192];
    private static readonly int[] s_contexts = [4096, 32768, 131072, 262144];

    // For --resident-type, the most exact first.
    private static readonly DType[] s_residentTypes = [DType.Q8_0, DType.Q6_K, DType.Q5_K, DType.Q4_K, DType.Q4_0];

    public static PlanJson Make(PlanRequest request)
    {
        var model = ModelFootprint.Of(request.Model.Tensors, request.Model.ExpertsUsed, request.KvType, request.ResidentType);
        return new PlanJson(
            request.Model.Name,
            request.Model.Type?.ToString(),
            request.ResidentType?.ToString(),
            Rates(request.Rates),
            Shape(model),
            request.HitRates is [{ Trace: not null }] ? "trace" : "f^a",
            [.. request.Memory.Select(memory => Budget(request, model, memory))]);
    }

    private static PlanBudgetJson Budget(PlanRequest request, ModelFootprint model, long memory)
    {
        var options = Options(request, memory);
        var least = StreamingPlan.LeastBytes(model, options);
        return memory >= least
            ? new PlanBudgetJson(memory, least, null, Division(request, StreamingPlan.Make(model, options)))
            : new PlanBudgetJson(memory, least, TypeThatFits(request, options)?.ToString(), null);
    }

    private static DType? TypeThatFits(PlanRequest request, StreamingPlanOptions options)
    {
        foreach (var type in s_residentTypes)
        {
            var model = ModelFootprint.Of(request.Model.Tensors, request.Model.ExpertsUsed, request.KvType, type);
            if (StreamingPlan.LeastBytes(model, options) <= options.Memory)
            {
                return type;
            }
        }

        return null;
    }

    private static PlanDivisionJson Division(PlanRequest request, StreamingPlan plan) => new(
        plan.Model.ResidentBytes,
        plan.ScratchBytes,
        plan.CacheBytes,
        StreamingPlan.RuntimeBytes,
        plan.MarginBytes,
        plan.SlotBytes,
        plan.Slots,
        plan.Share,
        [.. from source in request.HitRates
            let hitRate = source.HitRate(plan)
            from drive in request.Rates.Drive
            select Decode(request, plan, source, hitRate, drive)],
        [.. from chunk in s_chunks.Append(request.ChunkTokens).Distinct().Order()
            let options = Options(request, plan.Options.Memory) with { ChunkTokens = chunk }
            where plan.Options.Memory >= StreamingPlan.LeastBytes(plan.Model, options)
            let other = StreamingPlan.Make(plan.Model, options)
            from drive in request.Rates.Drive
            select Prefill(other, chunk, drive, request.Rates.Of(drive))],
        [.. request.Rates.Drive.Select(drive => new PlanFirstTokenJson(
            drive / 1e9,
            request.PromptTokens,
            request.ChunkTokens,
            plan.SecondsToFirstToken(request.PromptTokens, isCold: true, request.Rates.Of(drive)),
            plan.SecondsToFirstToken(request.PromptTokens, isCold: false, request.Rates.Of(drive))))],
        [.. s_contexts.Select(tokens => Context(request, plan, tokens))])
    { HasTooFewSlots = plan.HasTooFewSlots };

    private static PlanDecodeJson Decode(PlanRequest request, StreamingPlan plan, HitRateSource source, double hitRate, double drive)
    {
        var time = plan.Decode(hitRate, request.Rates.Of(drive));
        var kwh = request.Watts * time.Seconds * Million / JoulesPerKwh;
        return new PlanDecodeJson(
            drive / 1e9,
            source.Routing,
            source.Exponent,
            hitRate,
            plan.DriveBytesPerToken(hitRate),
            time.DriveSeconds,
            time.MemorySeconds,
            time.ComputeSeconds,
            1 / time.Seconds,
            1 / time.SerialSeconds,
            1 / time.ExpectedSeconds,
            kwh,
            kwh * request.Tariff);
    }

    private static PlanPrefillJson Prefill(StreamingPlan plan, int chunk, double drive, MachineRates rates) => new(
        drive / 1e9,
        chunk,
        plan.DistinctExperts(chunk),
        plan.DistinctBytes(chunk),
        chunk / plan.Prefill(chunk, isCold: true, rates).Seconds,
        chunk / plan.Prefill(chunk, isCold: false, rates).Seconds);

    private static PlanContextJson Context(PlanRequest request, StreamingPlan plan, int tokens)
    {
        var options = plan.Options with { Context = tokens };
        var slots = request.Model.ExpertsUsed > 0 && options.Memory >= StreamingPlan.LeastBytes(plan.Model, options) ? StreamingPlan.Make(plan.Model, options).Slots : 0;
        return new PlanContextJson(tokens, StreamingPlan.CacheBytesAt(plan.Model, tokens), slots);
    }

    public static StreamingPlanOptions Options(PlanRequest request, long memory) =>
        new() { Memory = memory, ChunkTokens = request.ChunkTokens, Context = request.Context };

    private static PlanRatesJson Rates(PlanRates rates) => new(
        [.. rates.Drive.Select(drive => drive / 1e9)], rates.DriveSource, rates.Memory / 1e9, rates.MemorySource, rates.Compute / 1e9, rates.ComputeSource);

    private static PlanModelJson Shape(ModelFootprint model) => new(
        model.Resident,
        model.ResidentBytes,
        model.EmbeddingBytes,
        model.ExpertBytes,
        model.ExpertLayers.Count,
        model.Experts,
        model.ExpertsUsed,
        model.ExpertBytesPerToken,
        model.MacsPerToken,
        model.Cache.BytesPerToken,
        model.Cache.StateBytes);
}
