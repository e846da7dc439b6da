using System.Globalization;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Json;

namespace Crescent.Cli.Comparisons;

/// <summary>
/// Runs two engines on the same file, in pairs, each run a process of its own. Who runs first alternates, and memory's read bandwidth is measured before each run: on
/// a machine that others use, only neighbouring runs can be compared.
/// </summary>
internal sealed class Comparison(BenchEngine ours, BenchEngine peer, EngineCase asked)
{
    private readonly List<ComparedRun> _runs = [];

    public BenchEngine Ours { get; } = ours;

    public BenchEngine Peer { get; } = peer;

    public EngineCase Case { get; } = asked;

    public IReadOnlyList<ComparedRun> Runs => _runs;

    /// <summary>Bytes of weights that a decoded token reads; null until we have decoded. The peer reads the same file.</summary>
    public double? BytesPerToken => _runs.Find(run => run.Figures.BytesPerToken is not null)?.Figures.BytesPerToken;

    /// <summary>The model, as our runs describe it.</summary>
    public BenchModelJson? Model => _runs.Find(run => run.Figures.Model is not null)?.Figures.Model;

    /// <summary>The tests that were measured, over all complete pairs.</summary>
    public IReadOnlyList<ComparedTest> Tests =>
    [
        .. new[]
        {
            ComparedTest.Of(BenchTest.Prefill, _runs, run => run.Prefill, _ => null),
            ComparedTest.Of(BenchTest.Decode, _runs, run => run.Decode, run => run.Share(BytesPerToken)),
        }.OfType<ComparedTest>(),
    ];

    /// <summary>Runs the next pair.</summary>
    /// <param name="probe">Measures the read bandwidth, bytes a second.</param>
    public async Task RunPairAsync(Func<double> probe, Terminal terminal, CancellationToken cancellation)
    {
        var pair = (_runs.Count / 2) + 1;
        BenchEngine[] order = pair % 2 == 1 ? [Ours, Peer] : [Peer, Ours];
        for (var i = 0; i < order.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var probed = probe();
            var figures = await order[i].RunAsync(Case, cancellation);
            var run = new ComparedRun(pair, ReferenceEquals(order[i], Ours), i + 1, TimeProvider.System.GetUtcNow().UtcDateTime, probed, figures);
            _runs.Add(run);
            terminal.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"pair {pair}, {order[i].Name}: {Said("prefill", run.Prefill)}{Said("decode", run.Decode)}memory read at {probed / 1e9:F1} GB/s before"));
        }
    }

    private static string Said(string test, double? figure) =>
        figure is { } value ? string.Create(CultureInfo.InvariantCulture, $"{test} {value:F2} tok/s, ") : "";
}
