using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Crescent.Cli.Benchmarks;

namespace Crescent.Cli.Comparisons;

/// <summary>A comparison as a Markdown document: what was compared on what, the result, and every run.</summary>
internal static class ComparisonReport
{
    /// <param name="notes">Lines of the user's or of the command's, such as what could not be measured.</param>
    public static string Write(Comparison comparison, DateTime started, IReadOnlyList<string> notes)
    {
        var text = new StringBuilder();
        var model = BenchScene.ModelName(comparison.Case.Model);
        Line(text, $"# {comparison.Ours.Name} and {comparison.Peer.Name}: {model}");
        Line(text, $"");
        Setting(text, comparison, started, model);
        Line(text, $"");
        foreach (var note in notes)
        {
            Line(text, $"- {note}");
        }

        Line(text, $"- Pairs alternate in who runs first; every run is a process of its own, after a warm-up, and counts the median of its {comparison.Case.Repeats} repeats. Decoded tokens are random.");
        Line(text, $"- Read bandwidth is measured before each run, the best of three read loops; where a run decoded faster than that, its own rate stands instead.");
        Line(text, $"- Crescent's decode includes sampling; llama-bench decodes given ids and does not sample.");
        Line(text, $"");
        text.Append(Result(comparison));
        Line(text, $"");
        Runs(text, comparison);
        return text.ToString();
    }

    /// <summary>The table of medians and ratios.</summary>
    public static string Result(Comparison comparison)
    {
        var text = new StringBuilder();
        var (ours, peer) = (comparison.Ours.Name, comparison.Peer.Name);
        Line(text, $"| test | {ours} tok/s | {peer} tok/s | ratio, median of pairs | ratio of medians | {ours}, share of bandwidth | {peer}, share of bandwidth |");
        Line(text, $"|---|---|---|---|---|---|---|");
        foreach (var test in comparison.Tests)
        {
            Line(text, $"| {Title(comparison.Case, test.Name)} | {Show(test.Ours)} | {Show(test.Peer)} | {Show(test.Ratios)} | {test.RatioOfMedians:F2} | {Share(test.OurShare)} | {Share(test.PeerShare)} |");
        }

        return text.ToString();
    }

    /// <summary>What is known of an engine's version.</summary>
    public static string VersionOf(BenchEngine engine, EngineFigures? figures) =>
        engine.Version ?? figures?.Version ?? "unknown";

    private static void Setting(StringBuilder text, Comparison comparison, DateTime started, string model)
    {
        var asked = comparison.Case;
        Line(text, $"| | |");
        Line(text, $"|---|---|");
        Line(text, $"| machine | {Machine.ProcessorName()}, {Environment.ProcessorCount} processors, {Sizes.Format(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)} of memory, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription} |");
        Line(text, $"| when | {started:yyyy-MM-dd HH:mm} UTC |");
        Line(text, $"| model | {model}{(comparison.Model is { } found ? $": {found.Architecture}, {found.Type}, {Sizes.Format(found.Bytes)}" : "")}{(comparison.BytesPerToken is { } bytes ? string.Create(CultureInfo.InvariantCulture, $", {bytes / 1e9:F3} GB of weights read a token") : "")} |");
        Line(text, $"| asked | prefill of {asked.PromptTokens} tokens, decode of {asked.DecodeTokens}, depth {asked.Depth}, {asked.Threads} threads, steps of at most {asked.Ubatch} tokens |");
        foreach (var engine in new[] { comparison.Ours, comparison.Peer })
        {
            var figures = comparison.Runs.FirstOrDefault(run => run.IsOurs == ReferenceEquals(engine, comparison.Ours))?.Figures;
            Line(text, $"| {engine.Name} | {VersionOf(engine, figures)}<br>`{engine.Command(asked)}` |");
        }
    }

    private static void Runs(StringBuilder text, Comparison comparison)
    {
        Line(text, $"| pair | ran | engine | read GB/s before | prefill tok/s | repeats | decode tok/s | repeats | share of bandwidth |");
        Line(text, $"|---|---|---|---|---|---|---|---|---|");
        foreach (var run in comparison.Runs)
        {
            var name = (run.IsOurs ? comparison.Ours : comparison.Peer).Name;
            var share = run.Share(comparison.BytesPerToken);
            Line(text, $"| {run.Pair} | {(run.Position == 1 ? "first" : "second")} | {name} | {run.Probed / 1e9:F1} | {run.Prefill:F2} | {All(run.Figures.Prefill)} | {run.Decode:F2} | {All(run.Figures.Decode)} | {(share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:P0}") : "")} |");
        }
    }

    private static string Title(EngineCase asked, string test)
    {
        var tokens = test == BenchTest.Prefill ? asked.PromptTokens : asked.DecodeTokens;
        return asked.Depth > 0 ? $"{test} {tokens} at depth {asked.Depth}" : $"{test} {tokens}";
    }

    private static string Show(Spread spread) => string.Create(CultureInfo.InvariantCulture, $"{spread.Median:F2} ({spread.Min:F2}–{spread.Max:F2})");

    private static string Share(Spread? spread) =>
        spread is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{spread.Median:P0} ({spread.Min:P0}–{spread.Max:P0})");

    private static string All(IReadOnlyList<double> samples) => string.Join(", ", samples.Select(sample => sample.ToString("F2", CultureInfo.InvariantCulture)));

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
