using System.CommandLine;
using System.Text;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Charts;
using Crescent.Cli.Json;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent chart</c>: growth curves of what <c>bench --csv</c> wrote.</summary>
internal static class ChartCommand
{
    private const string OutOption = "--out";

    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("CSV") { Description = "Files that bench --csv wrote.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>(OutOption, "-o") { Description = "The SVG file to write.", HelpName = "FILE", Required = true };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("chart", "Draws speed over depth, batch and threads from files of bench --csv.") { files, output, json };
        command.SetAction(parsed =>
        {
            var rows = parsed.GetValue(files)!.SelectMany(path => BenchFile.Read("CSV", path)).ToList();
            var charts = GrowthChart.Rows(rows);
            if (charts.Count == 0)
            {
                throw new CommandFailedException($"expected rows that differ in depth, batch or threads, found {rows.Count} without such: measure with bench -d 0,4k --batch 1,4 -t 1,2 --csv FILE");
            }

            var path = parsed.GetValue(output)!;
            using (var stream = OutputFile.Create(OutOption, path))
            {
                stream.Write(Encoding.UTF8.GetBytes(ChartSvg.Draw(charts)));
            }

            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new ChartJson(path, rows.Count, charts.Sum(chart => chart.Panels.Count)));
            }
            else
            {
                terminal.Note($"{path}: {rows.Count} rows, {charts.Sum(chart => chart.Panels.Count)} panels");
            }
        });
        return command;
    }
}
