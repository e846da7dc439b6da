using System.CommandLine;
using System.Runtime.InteropServices;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Server;
using Crescent.Text.Templates;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent serve</c>: HTTP APIs over a model, until it is interrupted.</summary>
internal static class ServeCommand
{
    private const int FingerprintBytes = 5;

    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var sampling = new SamplingArguments();
        var prefixes = new PrefixCacheArguments();
        var template = new Option<string?>("--template") { Description = $"Chat template: {string.Join(", ", TemplateFactory.Names)} (default: the model's)." };
        var name = Values.Text("--name", "The model's name for clients (default: its file's).");
        var json = new Option<bool>("--json") { Description = "Tell where it listens as a JSON document." };
        var options = new ServeArguments();
        var command = new Command("serve", "Serves a model over HTTP: the APIs of OpenAI, Anthropic and Ollama, and llama-server's extras.") { template, name, json };
        model.AddTo(command);
        options.AddTo(command);
        prefixes.AddTo(command);
        sampling.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var server = options.ReadServer(parsed, terminal);
            using var session = ModelSession.Open(model.PathOf(parsed, terminal), model.ReadOverrides(parsed), model.Read(parsed, terminal), model.ReadContext(parsed), terminal);
            session.OpenSnapshots(prefixes.Read(parsed), terminal);
            var defaults = sampling.Read(parsed, session.Defaults.Options, session.Tokenizer, session.Model.Shape.Vocab);
            using var engine = new ChatEngine(session.Model, session.Tokenizer, session.Template(parsed.GetValue(template)), options.ReadEngine(parsed, session));
            var served = Served(session, engine, parsed.GetValue(name), defaults);
            return await RunAsync(terminal, served, server, options.ReadDrain(parsed), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static ServedModel Served(ModelSession session, ChatEngine engine, string? name, SamplingOptions sampling)
    {
        var path = session.Checkpoint.Path;
        return new ServedModel
        {
            Name = name ?? Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(path)),
            Path = path,
            Engine = engine,
            Sampling = sampling,
            Created = TimeProvider.System.GetUtcNow(),
            TrainedContext = session.Model.Shape.ContextLength,
            Size = session.Checkpoint.TotalBytes,
            Parameters = session.Checkpoint.Tensors.Values.Sum(tensor => tensor.Count),
            Fingerprint = $"fp_{Convert.ToHexStringLower(session.Identity.AsSpan(0, FingerprintBytes))}",
            Today = session.Today,
        };
    }

    private static async Task<int> RunAsync(Terminal terminal, ServedModel model, ServerOptions options, TimeSpan drain, bool json, CancellationToken cancellation)
    {
        await using var server = new CrescentServer(new ModelRegistry([model]), options);
        // A service manager's way to ask for what Ctrl-C asks for; that is the end it wants, and no failure.
        using var terminated = new CancellationTokenSource();
        using var handler = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            terminated.Cancel();
        });
        await server.StartAsync(cancellation);
        Announce(terminal, model, server.Addresses, json);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation, terminated.Token);
        await Task.Delay(Timeout.Infinite, ends.Token).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        terminal.Note("finishing running answers; Ctrl-C again ends at once");
        await server.StopAsync(drain);
        return cancellation.IsCancellationRequested ? Interrupts.ExitCode : 0;
    }

    private static void Announce(Terminal terminal, ServedModel model, IReadOnlyCollection<string> addresses, bool json)
    {
        var (template, context, parallel) = (model.Engine.Template.Name, model.Engine.Context, model.Engine.Options.Parallel);
        if (json)
        {
            CliJson.Write(terminal.Out, new ServeJson(addresses, model.Name, template, context, parallel));
        }
        else
        {
            terminal.Note($"{model.Path}, template {template}, context {context}, {parallel} answers at a time");
            terminal.Out.WriteLine($"listening on {string.Join(", ", addresses)}");
        }

        terminal.Out.Flush();
    }
}
