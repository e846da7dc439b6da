using Crescent.Cli.Json;
using Crescent.Cli.Lossy;
using Crescent.Cli.Planning;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Experts.Traces;
using Crescent.Engine.Models;

namespace Crescent.Cli.Benchmarks;

/// <summary>The model that is measured, how it is run, and where the rows go.</summary>
/// <param name="Context">Most tokens of a sequence.</param>
/// <param name="RoutingPath">Trace whose experts are chosen instead of the model's own; null for none.</param>
/// <param name="MeasuresDrive">Whether to measure the drive for seconds; else predictions are for what a model's start finds.</param>
/// <param name="Bandwidth">Bytes a second that memory gives; null to measure it.</param>
internal sealed record BenchScene(string Path, IReadOnlyList<GgufOverride> Overrides, ModelOptions Options, int Context, double? Bandwidth, string? CsvPath, string? RoutingPath = null, bool MeasuresDrive = true)
{
    public const string CsvOption = "--csv";

    /// <param name="threadCounts">0 for one a physical core.</param>
    public BenchJson Run(BenchPlan plan, IReadOnlyList<int> threadCounts, Terminal terminal, CancellationToken cancellation)
    {
        var tests = new List<BenchTestJson>();
        BenchJson? report = null;
        foreach (var threads in threadCounts)
        {
            using var session = Open(threads, out var bandwidth, terminal);

            // The bound is that of the exact model: what is lossy reads less.
            var forecast = session.Lossy is not null || !MeasuresDrive || session.Model.Streaming is null ? session.Forecast : StreamedForecast.Measure(session, Options, bandwidth, terminal);
            var run = new BenchRun(session.Model.Threads, Options.MaxBatchTokens, bandwidth, forecast);
            var model = new BenchModelJson(session.Checkpoint.Path, session.Checkpoint.TotalBytes, session.Model.Shape.Architecture, MainType(session));
            session.Model.Playback = Playback(session.Model);
            using (var bench = new Bench(session, plan, terminal))
            {
                foreach (var test in bench.Run(cancellation))
                {
                    run.Add(test);
                    Append(Rows(run, test, model, session.Lossy));
                }
            }

            tests.AddRange(run.ToJson());
            report = new BenchJson(new BenchMachineJson(Machine.ProcessorName(), Isa, run.Threads, run.Bandwidth / 1e9), model, tests, session.Lossy?.ToJson());
        }

        return report!;
    }

    private string Isa => Options.Isa.ToString().ToLowerInvariant();

    // The probe comes first: with the model in memory it might find too little.
    private ModelSession Open(int threads, out double bandwidth, Terminal terminal)
    {
        var options = Options with { Threads = threads };
        var session = ModelSession.Open(Path, Overrides, options, Context, terminal);
        try
        {
            bandwidth = Bandwidth ?? BandwidthProbe.Measure(threads, session.Checkpoint.TotalBytes, terminal, Options.Streaming?.Memory);
            session.WaitUntilInMemory();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private RoutingPlayback? Playback(LanguageModel model)
    {
        if (RoutingPath is null)
        {
            return null;
        }

        var trace = RoutingTrace.Load(RoutingPath);
        if (model.ExpertShape is not { } shape || shape != (trace.Experts, trace.TopK))
        {
            throw new CommandFailedException(
                $"--routing {RoutingPath}: expected a trace of {(model.ExpertShape is { } own ? $"{own.TopK} of {own.Experts} experts, as the model has" : "a model with experts")}, found {trace.TopK} of {trace.Experts}");
        }

        try
        {
            return new RoutingPlayback(trace);
        }
        catch (ArgumentException exception)
        {
            throw new CommandFailedException($"--routing {RoutingPath}: {exception.Message}");
        }
    }

    private void Append(IEnumerable<BenchRow> rows)
    {
        if (CsvPath is { } path)
        {
            BenchFile.Append(CsvOption, path, rows);
        }
    }

    private IEnumerable<BenchRow> Rows(BenchRun run, BenchTest test, BenchModelJson model, LossyLabel? lossy) => test.Samples.Select((sample, index) => new BenchRow
    {
        Time = TimeProvider.System.GetUtcNow().UtcDateTime,
        Version = Machine.Version,
        Cpu = Machine.ProcessorName(),
        Isa = Isa,
        Threads = run.Threads,
        Model = ModelName(model.Path),
        Architecture = model.Architecture,
        Type = lossy is null ? model.Type : $"{model.Type}, {lossy.Line}", // where every reader of rows shows it
        ModelBytes = model.Bytes,
        KvType = Options.KvType.ToString().ToLowerInvariant(),
        Test = test.Name,
        Tokens = test.Tokens,
        Depth = test.Depth,
        Batch = test.Batch,
        Ubatch = run.Ubatch,
        Repeat = index + 1,
        Seconds = sample.Seconds,
        TokensPerSecond = sample.TokensPerSecond,
        WeightBytesPerToken = (double)sample.WeightBytes / sample.Tokens,
        WeightGbPerSecond = sample.BytesPerSecond / 1e9,
        ReadGbPerSecond = run.Bandwidth / 1e9,
        BandwidthShare = sample.BytesPerSecond / run.Bandwidth,
        DistinctExperts = sample.DistinctExperts,
        AllocatedBytesPerToken = sample.AllocatedBytes,
    });

    /// <summary>A model's name without its place.</summary>
    public static string ModelName(string path) => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(path));

    // The type that holds most of the model's bytes.
    private static string MainType(ModelSession session) =>
        session.Checkpoint.Tensors.Values.GroupBy(tensor => tensor.DType).MaxBy(group => group.Sum(tensor => tensor.StoredBytes))!.Key.ToString();
}
