using Crescent.Cli.Benchmarks;
using Crescent.Cli.Json;
using Crescent.Engine.Experts;
using Crescent.Engine.Models;
using Crescent.Engine.Planning;

namespace Crescent.Cli.Planning;

/// <summary>Runs a slice with as many slots a layer as a plan gives the whole model, and tells from it what the whole would do.</summary>
internal sealed class SliceMeasurement(PlanRequest request, PlanSlice slice, string path, int threads, Terminal terminal)
{
    private const int DecodeTokens = 32;
    private const int Repeats = 3;

    public PlanJson AddTo(PlanJson plan, CancellationToken cancellation) =>
        plan with { Budgets = [.. plan.Budgets.Select(budget => budget.Plan is null ? budget : budget with { Measured = Measure(budget.Memory, cancellation) })] };

    private PlanMeasuredJson? Measure(long memory, CancellationToken cancellation)
    {
        var whole = StreamingPlan.Make(ModelFootprint.Of(request.Model.Tensors, request.Model.ExpertsUsed, request.KvType, request.ResidentType), PlanReport.Options(request, memory));
        var slots = Math.Max(1, whole.Slots);
        var needed = Math.Max(StreamingPlan.BytesFor(slice.Model, whole.Options, slots), StreamingPlan.LeastBytes(slice.Model, whole.Options));
        var present = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > present)
        {
            terminal.Warn($"--measure: {slots} slots a layer take {PlanText.Gb(needed)} with what every token needs, this machine has {PlanText.Gb(present)}: not run for {PlanText.Gb(memory)}");
            return null;
        }

        var tests = Run(needed, slots, cancellation);
        var (prefill, decode) = (tests.First(test => test.Test == BenchTest.Prefill), tests.First(test => test.Test == BenchTest.Decode));
        return decode.Streaming is { PredictedTokensPerSecond: { } predicted } streaming
            ? Compare(whole, slots, needed, prefill, decode, streaming, predicted)
            : throw new CommandFailedException($"--measure: the drive of {path} could not be measured");
    }

    // The process has more than the slice in memory: the number of slots is what counts.
    private IReadOnlyList<BenchTestJson> Run(long memory, int slots, CancellationToken cancellation)
    {
        var bench = new BenchPlan(request.ChunkTokens, DecodeTokens, [0], [1], Repeats);
        var options = new ModelOptions
        {
            KvType = request.KvType,
            ResidentType = request.ResidentType,
            MaxBatchTokens = request.ChunkTokens,
            Streaming = new ExpertStoreOptions { Memory = memory + Environment.WorkingSet, MostSlots = slots, Choice = new DriveChoiceOptions() },
        };
        return new BenchScene(path, [], options, bench.Context, request.Rates.Memory, CsvPath: null, MeasuresDrive: false).Run(bench, [threads], terminal, cancellation).Tests;
    }

    private PlanMeasuredJson Compare(StreamingPlan whole, int slots, long memory, BenchTestJson prefill, BenchTestJson decode, StreamingJson streaming, double predicted)
    {
        var rates = new MachineRates(streaming.DriveMeasuredGBps!.Value * 1e9, request.Rates.Memory, request.Rates.Compute);
        var (decoded, prefilled) = (decode.TokensPerSecond.Median, prefill.TokensPerSecond.Median);
        var part = StreamingPlan.Make(slice.Model, whole.Options with { Memory = memory });
        var predictedPrefill = request.ChunkTokens / part.Prefill(request.ChunkTokens, (double)slots / slice.Model.Experts, rates).ExpectedSeconds;
        var wholePrefill = request.ChunkTokens / whole.Prefill(request.ChunkTokens, isCold: false, rates).ExpectedSeconds;
        return new PlanMeasuredJson(
            slice.Layers,
            slice.Model.ExpertLayers.Count,
            slice.Bytes,
            memory,
            slots,
            rates.DriveBytesPerSecond / 1e9,
            streaming.DecodeHitRate!.Value,
            decoded,
            predicted,
            request.ChunkTokens,
            prefilled,
            predictedPrefill,
            [.. from source in request.HitRates
                let hitRate = source.HitRate(whole)
                let expected = 1 / whole.Decode(hitRate, rates).ExpectedSeconds
                select new PlanWholeJson(source.Routing, hitRate, expected, expected * decoded / predicted)],
            wholePrefill * prefilled / predictedPrefill);
    }
}
