using System.CommandLine;
using Crescent.Cli.Serving;
using Crescent.Engine.Chat;
using Crescent.Server;
using Crescent.Server.Models;
using Crescent.Server.Prices;
using Crescent.Server.Security;

namespace Crescent.Cli.Options;

/// <summary>Options of <c>crescent serve</c>: where it listens, whom it answers, how much at a time.</summary>
internal sealed class ServeArguments
{
    private const int MostParallel = 1024;
    private const int MostQueue = 1_000_000;
    private const int MostRetries = 10;
    private const int MostPort = 65535;
    private const int MostSeconds = 7 * 86400;

    private readonly Argument<string[]> _models = new("MODEL")
    {
        Description = "A GGUF file or the first of its shards, a folder with config.json and safetensors, Grok-1's ckpt-0, or a name in the store (crescent pull). NAME=PATH names it for clients. Several are loaded when they are asked for.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _folders = new("--models") { Description = "A folder: serves every model that is directly in it; store for all models that crescent pull fetched. May be given again.", HelpName = "FOLDER", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _name = Values.Text("--name", "The model's name for clients (default: its file's).");
    private readonly Option<string?> _keepAlive = new("--keep-alive") { Description = "How long a model stays loaded after its last request, such as 90s, 10m or -1 for ever (default: 5m with several models, for ever with one).", HelpName = "DURATION" };
    private readonly Option<string?> _host = Values.Text("--host", "Address to listen on (default: 127.0.0.1). Others than the loopback address need --api-key-file.");
    private readonly Option<int> _port = Values.Number("--port", 8080, "Port to listen on; 0 for any that is free.");
    private readonly Option<int> _parallel = Values.Number("--parallel", 4, "Answers that are generated together.");
    private readonly Option<int> _queue = Values.Number("--queue", 64, "Requests that may wait for their turn; more are refused.");
    private readonly Option<string?> _keyFile = new("--api-key-file") { Description = "A file with the keys that requests must bring, one a line.", HelpName = "FILE" };
    private readonly Option<int> _rate = Values.Number("--rate-limit", 0, "Requests a minute with one key; 0 for no limit.");
    private readonly Option<string[]> _origins = new("--cors-origin") { Description = "Origin of web pages that may use the server, such as https://example.org; * for all. May be given again.", HelpName = "ORIGIN", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _prices = new("--prices") { Description = "A JSON file with prices of electricity and hosted models: chat completions tell what they cost.", HelpName = "FILE" };
    private readonly Option<string?> _collector = Values.Text("--otlp", "OpenTelemetry collector that spans and metrics go to, such as http://127.0.0.1:4318 (OTLP over HTTP).");
    private readonly Option<int> _emptyTurns = Values.Number("--retry-empty-turns", 0, "How often a turn without text or call is generated again, with another seed (Kimi K2 sometimes ends its turn at once).");
    private readonly Option<int?> _thinkingBudget = Values.Number<int>("--thinking-budget", "Most tokens of reasoning where a request says nothing else; half with medium effort, a quarter with low.");
    private readonly Option<string?> _certificate = new("--tls-certificate") { Description = "A PEM file with the certificate, and those between it and its root: the server speaks HTTPS.", HelpName = "FILE" };
    private readonly Option<string?> _certificateKey = new("--tls-key") { Description = "A PEM file with the certificate's private key, not encrypted.", HelpName = "FILE" };
    private readonly Option<int> _queueTimeout = Values.Number("--queue-timeout", 600, "Seconds after which a waiting request is given up.");
    private readonly Option<int> _answerTimeout = Values.Number("--answer-timeout", 21600, "Seconds after which an answer is cut off.");
    private readonly SpeculateArgument _speculate = new();
    private readonly Option<int> _drain = Values.Number("--drain", 60, "Seconds that running answers have to end after Ctrl-C.");

    public void AddTo(Command command)
    {
        command.Add(_models);
        foreach (var option in new Option[] { _folders, _name, _keepAlive, _host, _port, _parallel, _queue, _keyFile, _rate, _origins, _prices, _thinkingBudget, _emptyTurns, _collector, _certificate, _certificateKey, _queueTimeout, _answerTimeout, _drain })
        {
            command.Add(option);
        }

        _speculate.AddTo(command);
    }

    /// <summary>Most tokens of reasoning; null for no bound.</summary>
    public int? ReadThinkingBudget(ParseResult parsed) => Values.AtLeastOne(_thinkingBudget.Name, parsed.GetValue(_thinkingBudget));

    public ServerOptions ReadServer(ParseResult parsed, Terminal terminal)
    {
        var options = ReadUnchecked(parsed, terminal);
        try
        {
            CrescentServer.Check(options);
            return options;
        }
        catch (ArgumentException exception)
        {
            throw new CommandFailedException(exception.Message, CommandFailedException.WrongUsage);
        }
    }

    /// <summary>The models to serve; at least one.</summary>
    public IReadOnlyList<NamedModel> ReadModels(ParseResult parsed, Terminal terminal) => NamedModel.Read(parsed.GetValue(_models)!, parsed.GetValue(_folders)!, parsed.GetValue(_name), terminal);

    /// <summary>How long a model stays after its last request; null where the user does not say.</summary>
    public TimeSpan? ReadKeepAlive(ParseResult parsed) => parsed.GetValue(_keepAlive) is not { } text ? null
        : Durations.TryParse(text, out var time) ? time
        : throw new CommandFailedException($"{_keepAlive.Name}: expected a duration such as 90s, 10m or -1, found '{text}'", CommandFailedException.WrongUsage);

    /// <summary>When models are loaded and unloaded.</summary>
    /// <param name="memory">Most bytes of the process.</param>
    public ModelRegistryOptions ReadRegistry(ParseResult parsed, long memory, Terminal terminal) => new()
    {
        MostBytes = Math.Max(0, memory - MemoryLimit.RuntimeBytes),
        KeepAlive = ReadKeepAlive(parsed) ?? TimeSpan.FromMinutes(5),
        MostWait = Seconds(_queueTimeout, parsed, 1),
        MostWaiting = Values.InRange(_parallel.Name, 1, MostParallel, parsed.GetValue(_parallel)) + Values.InRange(_queue.Name, 0, MostQueue, parsed.GetValue(_queue)),
        Log = terminal.Note,
    };

    public ChatEngineOptions ReadEngine(ParseResult parsed, ModelSession session, Terminal terminal) => new()
    {
        EmptyTurnRetries = Values.InRange(_emptyTurns.Name, 0, MostRetries, parsed.GetValue(_emptyTurns)),
        Log = terminal.Note,
        Context = session.Context,
        Parallel = Values.InRange(_parallel.Name, 1, Math.Min(MostParallel, session.Model.Batch.MaxTokens), parsed.GetValue(_parallel)),
        Queue = Values.InRange(_queue.Name, 0, MostQueue, parsed.GetValue(_queue)),
        QueueTimeout = Seconds(_queueTimeout, parsed, 1),
        AnswerTimeout = Seconds(_answerTimeout, parsed, 1),
        Snapshots = session.Snapshots,
        Speculation = _speculate.Read(parsed),
        ModelName = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(session.Checkpoint.Path)),
    };

    /// <summary>Time that running answers have to end.</summary>
    public TimeSpan ReadDrain(ParseResult parsed) => Seconds(_drain, parsed, 0);

    private ServerOptions ReadUnchecked(ParseResult parsed, Terminal terminal) => new()
    {
        Host = parsed.GetValue(_host) ?? "127.0.0.1",
        Port = Values.InRange(_port.Name, 0, MostPort, parsed.GetValue(_port)),
        Keys = parsed.GetValue(_keyFile) is { } file ? Read(_keyFile, file, ApiKeys.Read) : null,
        Prices = parsed.GetValue(_prices) is { } prices ? Read(_prices, prices, PriceList.Read) : null,
        Certificates = ReadCertificates(parsed),
        Collector = parsed.GetValue(_collector) is { } collector ? ReadAddress(collector) : null,
        RequestsPerMinute = Values.InRange(_rate.Name, 0, int.MaxValue, parsed.GetValue(_rate)),
        CorsOrigins = parsed.GetValue(_origins)!,
        Log = terminal.Verbose ? terminal.Detail : null,
    };

    private Uri ReadAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        ? address
        : throw new CommandFailedException($"{_collector.Name}: expected an address such as http://127.0.0.1:4318, found '{text}'", CommandFailedException.WrongUsage);

    private TlsCertificates? ReadCertificates(ParseResult parsed) => (parsed.GetValue(_certificate), parsed.GetValue(_certificateKey)) switch
    {
        (null, null) => null,
        ({ } certificate, { } key) => Read(_certificate, certificate, path => TlsCertificates.Read(path, key)),
        _ => throw new CommandFailedException($"{_certificate.Name} and {_certificateKey.Name}: expected both, found one", CommandFailedException.WrongUsage),
    };

    private static TimeSpan Seconds(Option<int> option, ParseResult parsed, int least) =>
        TimeSpan.FromSeconds(Values.InRange(option.Name, least, MostSeconds, parsed.GetValue(option)));

    private static T Read<T>(Option option, string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException($"{option.Name}: {exception.Message}");
        }
    }
}
