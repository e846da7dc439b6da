using System.CommandLine;
using System.Diagnostics;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent convert</c> and <c>crescent quantize</c>: a model of any format to GGUF or expert records, values kept or in smaller types.</summary>
internal sealed class ConvertCommand
{
    private const int MostThreads = 1024;

    private readonly Argument<string> _model = new("MODEL") { Description = "A GGUF file or the first of its shards, or a folder with safetensors, Grok-1's ckpt-0 or expert records." };
    private readonly Argument<string> _output = new("OUT") { Description = "The GGUF file to write; with --to records, the folder." };
    private readonly Option<string?> _type = new("--type") { Description = $"Type of matrices: {string.Join(", ", TargetType.Names)}." };
    private readonly Option<string[]> _only = Values.Texts("--only", "Another type for matrices whose name a regular expression is found in: ffn_down=Q6_K. May be given again; the first that fits decides.");
    private readonly Option<FileInfo?> _importance = new("--imatrix") { Description = "Importance of columns, measured by llama-imatrix or crescent imatrix." };
    private readonly Option<string> _layout = Values.Choice("--to", "gguf", "One GGUF file (or shards), or a folder with the routed experts in records.", "gguf", "records");
    private readonly Option<long?> _split = Values.Size("--split-size", "Most bytes of tensors in a file.");
    private readonly Option<bool> _withoutTokenizer = new("--no-tokenizer") { Description = "Write no tokenizer." };
    private readonly Option<int?> _threads = Values.Number<int>("--threads", "Threads that convert (default: one a processor).", "-t");
    private readonly Option<bool> _json = new("--json") { Description = "One JSON document." };
    private readonly Terminal _terminal;

    private ConvertCommand(Terminal terminal) => _terminal = terminal;

    public static Command CreateConvert(Terminal terminal) =>
        new ConvertCommand(terminal).Create("convert", "Writes a model in another format. Without --type all values are kept.");

    public static Command CreateQuantize(Terminal terminal)
    {
        var command = new ConvertCommand(terminal);
        command._type.Required = true;
        return command.Create("quantize", "Writes a model in smaller types.");
    }

    private Command Create(string name, string description)
    {
        var command = new Command(name, description) { _model, _output, _type, _only, _importance, _layout, _split, _withoutTokenizer, _threads, _json };
        command.SetAction((parsed, cancellation) =>
        {
            Run(parsed, cancellation);
            return Task.FromResult(0);
        });
        return command;
    }

    private void Run(ParseResult parsed, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (options, output) = (ReadOptions(parsed), parsed.GetValue(_output)!);
        using var checkpoint = Checkpoint.Open(ModelOptionsArguments.RequirePath(parsed.GetValue(_model), null));
        var plan = Plan(checkpoint, output, options, cancellation);
        foreach (var notice in plan.Notices)
        {
            _terminal.Note($"note: {notice}");
        }

        Write(plan, cancellation);
        if (parsed.GetValue(_json))
        {
            var bytes = plan.Tensors.GroupBy(tensor => tensor.To.ToString()).ToDictionary(group => group.Key, group => group.Sum(tensor => tensor.Bytes));
            CliJson.Write(
                _terminal.Out,
                new ConvertJson(plan.Path, plan.Files, plan.Bytes, parsed.GetValue(_layout)!, options.Type?.Name, plan.Tensors.Count, bytes, plan.Notices, clock.Elapsed.TotalSeconds));
        }
        else
        {
            _terminal.Out.WriteLine($"{plan.Path}: {options.Type?.Name ?? "values as they were"}, {Sizes.Format(plan.Bytes)}");
        }
    }

    private ConversionPlan Plan(Checkpoint checkpoint, string output, ConversionOptions options, CancellationToken cancellation)
    {
        using var progress = new ProgressLine(_terminal, "reading scales");
        return ConversionPlan.Create(checkpoint, output, options, new Relay(progress), cancellation);
    }

    private void Write(ConversionPlan plan, CancellationToken cancellation)
    {
        using var progress = new ProgressLine(_terminal, "converting");
        try
        {
            plan.Write(new Relay(progress), cancellation);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            progress.Dispose();
            if (plan.CanGoOn)
            {
                _terminal.Note("what is done is kept; the same command goes on from there");
            }

            throw;
        }
    }

    private ConversionOptions ReadOptions(ParseResult parsed)
    {
        if (parsed.GetValue(_threads) is < 1 or > MostThreads)
        {
            throw new CommandFailedException($"--threads: expected 1..{MostThreads}, found {parsed.GetValue(_threads)}", CommandFailedException.WrongUsage);
        }

        var options = new ConversionOptions
        {
            Layout = parsed.GetValue(_layout) == "records" ? ConversionLayout.Records : ConversionLayout.Gguf,
            Type = Usage("--type", () => parsed.GetValue(_type) is { } type ? TargetType.Parse(type) : null),
            Overrides = Usage("--only", () => TypeOverrides.Parse(parsed.GetValue(_only)!)),
            SplitBytes = parsed.GetValue(_split),
            WithoutTokenizer = parsed.GetValue(_withoutTokenizer),
            Importance = parsed.GetValue(_importance) is { } file ? ImportanceMatrix.Load(file.FullName) : null,
        };
        return parsed.GetValue(_threads) is { } threads ? options with { Threads = threads } : options;
    }

    private static T Usage<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException exception)
        {
            throw new CommandFailedException($"{option}: {CommandLine.FirstLine(exception.Message)}", CommandFailedException.WrongUsage);
        }
    }

    private sealed class Relay(ProgressLine line) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => line.Show(value.Done, value.Total);
    }
}
