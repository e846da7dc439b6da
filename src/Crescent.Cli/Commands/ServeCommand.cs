using System.CommandLine;
using System.Runtime.InteropServices;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Cli.Serving;
using Crescent.Engine.Checkpoints;
using Crescent.Server;
using Crescent.Server.Models;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent serve</c>: HTTP APIs over models, until it is interrupted.</summary>
internal static class ServeCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var sampling = new SamplingArguments();
        var prefixes = new PrefixCacheArguments();
        var template = new Option<string?>("--template") { Description = $"Chat template: {string.Join(", ", TemplateFactory.Names)} (default: the model's)." };
        var json = new Option<bool>("--json") { Description = "Tell where it listens as a JSON document." };
        var options = new ServeArguments();
        var command = new Command("serve", "Serves models over HTTP: the APIs of OpenAI, Anthropic and Ollama, and llama-server's extras.") { template, json };
        options.AddTo(command);
        model.AddOptionsTo(command);
        prefixes.AddTo(command);
        sampling.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var server = options.ReadServer(parsed, terminal);
            var models = options.ReadModels(parsed, terminal);
            var memory = parsed.GetValue(model.Memory) ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            var opener = new ModelOpener
            {
                Terminal = terminal,
                Options = model.Read(parsed, terminal, path: models[0].Path),
                Overrides = model.ReadOverrides(parsed),
                Context = model.ReadContext(parsed),
                Template = parsed.GetValue(template),
                Prefixes = prefixes.Read(parsed),
                ThinkingBudget = options.ReadThinkingBudget(parsed),
                Sampling = session => sampling.Read(parsed, session.Defaults.Options, session.Tokenizer, session.Model.Shape.Vocab),
                Engine = session => options.ReadEngine(parsed, session, terminal),
                Memory = memory,
            };
            var registry = options.ReadRegistry(parsed, memory, terminal);
            var drain = options.ReadDrain(parsed);
            var isJson = parsed.GetValue(json);
            if (models is [var only] && options.ReadKeepAlive(parsed) is null)
            {
                var loaded = opener.Load(only);
                using var owner = loaded.Owner;
                await using var one = new ModelRegistry([loaded.Model]);
                return await RunAsync(terminal, one, server, drain, isJson, cancellation);
            }

            if (opener.Options.Recorder is IDisposable recorder)
            {
                recorder.Dispose();
                throw new CommandFailedException("--record-routing: expected one model that stays loaded, found several or --keep-alive", CommandFailedException.WrongUsage);
            }

            await using var many = new ModelRegistry(Describe(models, opener, terminal), registry);
            return await RunAsync(terminal, many, server, drain, isJson, cancellation);
        });
        return command;
    }

    // What merely lies in a folder may be broken.
    private static List<ModelSource> Describe(IReadOnlyList<NamedModel> models, ModelOpener opener, Terminal terminal)
    {
        var sources = new List<ModelSource>();
        foreach (var model in models)
        {
            try
            {
                sources.Add(opener.Describe(model));
            }
            catch (Exception exception) when (!model.IsNamed && exception is CheckpointException or TokenizerException or IOException or InvalidDataException or NotSupportedException or UnauthorizedAccessException)
            {
                terminal.Warn($"{model.Path} is not served: {exception.Message}");
            }
        }

        return sources.Count > 0 ? sources : throw new CommandFailedException("no model that can be served was found");
    }

    private static async Task<int> RunAsync(Terminal terminal, ModelRegistry models, ServerOptions options, TimeSpan drain, bool json, CancellationToken cancellation)
    {
        await using var server = new CrescentServer(models, options);
        // A service manager's way to ask for what Ctrl-C asks for; that is the end it wants, and no failure.
        using var terminated = new CancellationTokenSource();
        using var handler = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            terminated.Cancel();
        });
        await server.StartAsync(cancellation);
        Announce(terminal, models, server.Addresses, json);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation, terminated.Token);
        await Task.Delay(Timeout.Infinite, ends.Token).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        terminal.Note("finishing running answers; Ctrl-C again ends at once");
        await server.StopAsync(drain);
        return cancellation.IsCancellationRequested ? Interrupts.ExitCode : 0;
    }

    private static void Announce(Terminal terminal, ModelRegistry models, IReadOnlyCollection<string> addresses, bool json)
    {
        var first = models.Models[0];
        if (json)
        {
            CliJson.Write(terminal.Out, new ServeJson(addresses, first.Name, [.. models.Models.Select(model => model.Name)], first.Engine?.Template, first.Engine?.Context, first.Engine?.Parallel));
        }
        else
        {
            terminal.Note(first.Engine is { } engine
                ? $"{first.Facts.Path}, template {engine.Template}, context {engine.Context}, {engine.Parallel} answers at a time"
                : $"{models.Models.Count} models, loaded when they are asked for: {string.Join(", ", models.Models.Select(model => model.Name))}");
            terminal.Out.WriteLine($"listening on {string.Join(", ", addresses)}");
        }

        terminal.Out.Flush();
    }
}
