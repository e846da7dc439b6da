using System.CommandLine;
using System.Text;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Charts;
using Crescent.Cli.Json;
using Crescent.Training.Runs;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent chart</c>: growth curves of what <c>bench --csv</c> wrote, or the curves of a training run from its logs.</summary>
internal static class ChartCommand
{
    private const string OutOption = "--out";
    private const string LogEnding = ".jsonl";

    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE") { Description = "Files that bench --csv wrote, or the logs (.jsonl) of a training run's stages in their order.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>(OutOption, "-o") { Description = "The SVG file to write.", HelpName = "FILE", Required = true };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("chart", "Draws speed over depth, batch and threads from files of bench --csv, or a training run from its logs.") { files, output, json };
        command.SetAction(parsed =>
        {
            var paths = parsed.GetValue(files)!;
            var isRun = paths.All(path => path.EndsWith(LogEnding, StringComparison.OrdinalIgnoreCase));
            var (rows, charts) = isRun ? Run(paths) : Growth(paths);
            var path = parsed.GetValue(output)!;
            using (var stream = OutputFile.Create(OutOption, path))
            {
                stream.Write(Encoding.UTF8.GetBytes(isRun ? ChartSvg.Draw(charts, "a training run", hasDark: false) : ChartSvg.Draw(charts)));
            }

            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new ChartJson(path, rows, charts.Sum(chart => chart.Panels.Count)));
            }
            else
            {
                terminal.Note($"{path}: {rows} {(isRun ? "steps" : "rows")}, {charts.Sum(chart => chart.Panels.Count)} panels");
            }
        });
        return command;
    }

    private static (int Rows, IReadOnlyList<ChartRow> Charts) Growth(string[] paths)
    {
        var rows = paths.SelectMany(path => BenchFile.Read("CSV", path)).ToList();
        var charts = GrowthChart.Rows(rows);
        return charts.Count > 0 ? (rows.Count, charts) : throw new CommandFailedException(
            $"expected rows that differ in depth, batch or threads, found {rows.Count} without such: measure with bench -d 0,4k --batch 1,4 -t 1,2 --csv FILE");
    }

    private static (int Steps, IReadOnlyList<ChartRow> Charts) Run(string[] paths)
    {
        var stages = paths.Select(path => RunLog.Read(path)).ToArray();
        var charts = RunChart.Rows(string.Join(", ", paths.Select(path => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))))), stages);
        return charts.Count > 0 ? (stages.Sum(stage => stage.Steps.Count), charts) : throw new CommandFailedException($"{paths[0]}: expected steps of a training run, found none");
    }
}
