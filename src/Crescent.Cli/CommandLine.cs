using System.CommandLine;
using System.CommandLine.Parsing;
using Crescent.Cli.Commands;
using Crescent.Cli.Options;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Weights;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli;

/// <summary>The command line as a whole: parsing, exit codes, and the one place where an exception becomes a line for the user.</summary>
internal static class CommandLine
{
    // Options whose value is free text: it may begin with '-', so it is tied to its option before parsing.
    private static readonly HashSet<string> s_textOptions = ["-p", "--prompt", "--system", "--text", "--stop", "--dry-breaker", "--args", "--peer-args", "--note", "--host", "--name", "--regex"];

    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            var root = Build(terminal);
            // No response files: '@' is ordinary text. No bundling: "-p" and "-n" are words, not letters.
            var parsed = root.Parse(TieTexts(args), new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
            terminal.Quiet = parsed.GetValue<bool>("--quiet");
            terminal.Verbose = parsed.GetValue<bool>("--verbose");
            terminal.Color &= !parsed.GetValue<bool>("--no-color");
            if (Errors(parsed) is { Count: > 0 } errors)
            {
                terminal.Error.WriteLine($"crescent: {string.Join("; ", errors)} (see crescent {CommandPath(parsed)}--help)");
                return CommandFailedException.WrongUsage;
            }

            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = terminal.Out,
                    Error = terminal.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            terminal.Error.WriteLine("crescent: interrupted");
            return Interrupts.ExitCode;
        }
        catch (Exception exception) when (Explain(exception) is { } failure)
        {
            terminal.Error.WriteLine($"crescent: {failure.Message}");
            if (terminal.Verbose)
            {
                terminal.Error.WriteLine(exception);
            }

            return failure.ExitCode;
        }
        finally
        {
            try
            {
                await terminal.Out.FlushAsync(CancellationToken.None);
            }
            catch (IOException)
            {
                // Said above, if it mattered: nobody reads the results any more, or their drive is full.
            }
        }
    }

    private static RootCommand Build(Terminal terminal)
    {
        var root = new RootCommand("Runs giant open-weight mixture-of-experts language models on hardware that people own.")
        {
            RunCommand.Create(terminal),
            ChatCommand.Create(terminal),
            ServeCommand.Create(terminal),
            LogitsCommand.Create(terminal),
            PerplexityCommand.Create(terminal),
            ImatrixCommand.Create(terminal),
            RenderCommand.Create(terminal),
            TokenizeCommand.Create(terminal),
            DetokenizeCommand.Create(terminal),
            InspectCommand.Create(terminal),
            BenchCommand.Create(terminal),
            CompareCommand.Create(terminal),
            ChartCommand.Create(terminal),
            SynthCommand.Create(terminal),
            PlanCommand.Create(terminal),
            RoutingCommand.Create(terminal),
            ConvertCommand.CreateConvert(terminal),
            ConvertCommand.CreateQuantize(terminal),
            PullCommand.Create(terminal),
            ModelsCommand.Create(terminal),
            TrainCommand.Create(terminal),
            JudgeCommand.Create(terminal),
            AblateCommand.Create(terminal),
        };
        root.Add(new Option<bool>("--quiet") { Description = "Only results and errors.", Recursive = true });
        root.Add(new Option<bool>("--verbose") { Description = "More about what is going on; stack traces with errors.", Recursive = true });
        root.Add(new Option<bool>("--no-color") { Description = "No colours (also: NO_COLOR).", Recursive = true });
        root.SetAction(_ =>
        {
            terminal.Error.WriteLine("crescent: expected a command, found none (see crescent --help)");
            return CommandFailedException.WrongUsage;
        });
        return root;
    }

    private static List<string> TieTexts(IReadOnlyList<string> args)
    {
        var tied = new List<string>(args.Count);
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                tied.AddRange(args.Skip(i));
                break;
            }

            var end = args[i].AsSpan().IndexOfAny('=', ':');
            if (end < 0 && i + 1 < args.Count && s_textOptions.Contains(args[i]))
            {
                tied.Add($"{args[i]}={Values.TextMark}{args[++i]}");
            }
            else if (end > 0 && s_textOptions.Contains(args[i][..end]))
            {
                tied.Add($"{args[i][..end]}={Values.TextMark}{args[i][(end + 1)..]}");
            }
            else
            {
                tied.Add(args[i]);
            }
        }

        return tied;
    }

    private static List<string> Errors(ParseResult parsed)
    {
        // The parser takes a misspelt option for an argument's value, and stumbles only later; a file of such a name is written ./-name.
        var misspelt = parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Where(token => token.Value is ['-', _, ..])
            .Select(token => $"unknown option '{token.Value}'")
            .ToList();
        var errors = misspelt.Count > 0 ? misspelt : [.. parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ").Trim(' ', '.'))];
        return errors.ConvertAll(error => error.Replace($"={Values.TextMark}", " ", StringComparison.Ordinal));
    }

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";

    // What the user did or has: a line. Anything else is a defect of ours and shows its stack.
    private static CommandFailedException? Explain(Exception exception) => exception switch
    {
        CommandFailedException failure => failure,
        CheckpointException or WeightReadException or TokenizerException or NotSupportedException or IOException or InvalidDataException or UnauthorizedAccessException or ArithmeticException
            => new CommandFailedException(FirstLine(exception.Message)),
        ArgumentException => new CommandFailedException(FirstLine(exception.Message)),
        FormatException => new CommandFailedException(FirstLine(exception.Message), CommandFailedException.WrongUsage),
        InsufficientMemoryException => new CommandFailedException(FirstLine(exception.Message)),
        OutOfMemoryException => new CommandFailedException("not enough memory: try a shorter context (-c), a smaller cache (--kv-type q8_0) or a smaller model"),
        AggregateException { InnerException: { } inner } => Explain(inner),
        _ => new CommandFailedException($"internal error: {exception.GetType().Name}: {FirstLine(exception.Message)} (--verbose shows where)"),
    };

    // ArgumentException appends "(Parameter 'x')", which says nothing to a user.
    internal static string FirstLine(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        var parameter = line.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
        return parameter > 0 ? line[..parameter] : line;
    }
}
