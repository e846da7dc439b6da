using System.CommandLine;
using System.Diagnostics;
using Crescent.Cli.Hub;
using Crescent.Cli.Json;
using Crescent.Cli.Options;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent pull</c>: a model from the hub into the store, resumed where it stopped, verified.</summary>
internal static class PullCommand
{
    private const int MostConnections = 64;

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("ID") { Description = "org/name, or org/name:quant for the GGUF file of that type (Q4_K_M …)." };
        var revision = new Option<string>("--revision") { Description = "Branch, tag or commit (main).", DefaultValueFactory = _ => "main" };
        var include = new Option<string[]>("--include") { Description = "Take the files that match this pattern instead (* stands for any text); may be given again.", DefaultValueFactory = _ => [] };
        var connections = Values.Number("--connections", 8, "Connections at once");
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("pull", "Downloads a model from the hub (HF_ENDPOINT, HF_TOKEN) into the store (CRESCENT_HOME).") { model, revision, include, connections, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var id = HubId.Parse(parsed.GetValue(model)!);
            var settings = HubSettings.FromEnvironment() with { Connections = InRange(parsed.GetValue(connections)) };
            var clock = Stopwatch.StartNew();
            try
            {
                using var client = new HubClient(settings);
                var result = await new Pull(client, ModelStore.FromEnvironment(), terminal).RunAsync(id, parsed.GetValue(revision)!, parsed.GetValue(include)!, cancellation);
                Report(terminal, result, parsed.GetValue(json), clock.Elapsed);
                return 0;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                terminal.Error.WriteLine($"crescent: interrupted; what has arrived is kept: the same 'crescent pull {parsed.GetValue(model)}' goes on from there");
                return Interrupts.ExitCode;
            }
        });
        return command;
    }

    private static void Report(Terminal terminal, PullResult result, bool json, TimeSpan elapsed)
    {
        var bytes = result.Files.Sum(file => file.Size);
        if (json)
        {
            CliJson.Write(terminal.Out, new PullJson(result.Id.Name, result.Revision, result.Commit, result.Folder, result.Files.Count, bytes, result.FetchedBytes, elapsed.TotalSeconds));
            return;
        }

        var fetched = result.FetchedBytes == 0 ? "up to date" : $"{Sizes.Format(result.FetchedBytes)} fetched";
        terminal.Out.WriteLine($"{result.Id.Name}: {result.Files.Count} {(result.Files.Count == 1 ? "file" : "files")}, {Sizes.Format(bytes)}, {fetched}, in {result.Folder}");
    }

    private static int InRange(int connections) =>
        connections is >= 1 and <= MostConnections
            ? connections
            : throw new CommandFailedException($"--connections: expected 1..{MostConnections}, found {connections}", CommandFailedException.WrongUsage);
}
