using System.CommandLine;
using System.Text;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Chat;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Text.Answers;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent run</c>: one answer, streamed.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var sampling = new SamplingArguments();
        var prefixes = new PrefixCacheArguments();
        var grammar = new GrammarArguments();
        var tools = new ToolArguments(hasChoice: true);
        var speculate = new SpeculateArgument();
        var prompt = Values.Text("--prompt", "The prompt (else -f, else standard input).", "-p");
        var file = new Option<string?>("--file", "-f") { Description = "Read the prompt from a file." };
        var count = Values.Number<int>("--tokens", "Most tokens to generate (default: until the model stops or the context ends).", "-n");
        var system = Values.Text("--system", "System message.");
        var raw = new Option<bool>("--raw") { Description = "Complete the text as it is, without a chat template." };
        var template = new Option<string?>("--template") { Description = $"Chat template: {string.Join(", ", TemplateFactory.Names)} (default: the model's)." };
        var stop = Values.Texts("--stop", "Text that ends the answer.");
        var ignoreEos = new Option<bool>("--ignore-eos") { Description = "Go on past the model's stop tokens." };
        var savePrefix = new Option<bool>("--save-prefix") { Description = "Keep the cache of the whole prompt for later runs, not only of its system message." };
        var json = new Option<bool>("--json") { Description = "One JSON document instead of text." };
        var command = new Command("run", "Answers one prompt.") { prompt, file, count, system, raw, template, stop, ignoreEos, savePrefix, json };
        model.AddTo(command);
        prefixes.AddTo(command);
        sampling.AddTo(command);
        grammar.AddTo(command);
        tools.AddTo(command);
        speculate.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(count) is < 0)
            {
                throw new CommandFailedException($"--tokens: expected at least 0, found {parsed.GetValue(count)}", CommandFailedException.WrongUsage);
            }

            var path = PathOf(model, parsed, terminal, hasPrompt: parsed.GetValue(prompt) is not null || parsed.GetValue(file) is not null);
            using var session = ModelSession.Open(path, model.ReadOverrides(parsed), model.Read(parsed, terminal), model.ReadContext(parsed), terminal);
            session.OpenSnapshots(prefixes.Read(parsed), terminal);
            var text = ReadPrompt(terminal, parsed.GetValue(prompt), parsed.GetValue(file), cancellation);
            var named = parsed.GetValue(template);
            var chat = named is null && parsed.GetValue(raw) ? null : session.Template(named);
            chat = parsed.GetValue(raw) ? null : chat;
            var builtIn = model.BuiltIn(parsed, terminal);
            var offer = tools.Read(parsed, builtIn?.Tools() ?? [], chat, grammar.Asked(parsed));
            var greeting = parsed.GetValue(system) ?? (builtIn is null ? null : BuiltInModel.SystemMessage(session.Today));
            var conversation = ChatPrompt.Request(session, ChatPrompt.Messages(greeting, Encoding.UTF8.GetString(text)), offer.Tools);
            var ids = chat is null ? RawPrompt.Encode(session.Tokenizer, text) : ChatPrompt.Encode(session, chat, conversation);
            var stopTokens = parsed.GetValue(ignoreEos) ? [] : session.StopTokens(chat);
            var maxTokens = parsed.GetValue(count) ?? int.MaxValue;
            var request = new GenerationRequest
            {
                Prompt = ids,
                StoredPrefix = parsed.GetValue(savePrefix) ? ids.Count - 1 : chat is null ? 0 : ChatPrompt.StoredPrefix(session, chat, conversation, ids),
                Sampling = sampling.Read(parsed, session.Defaults.Options, session.Tokenizer, session.Model.Shape.Vocab),
                MaxTokens = maxTokens,
                StopTokens = stopTokens,
                Constraint = Bind(new AnswerBinding(session, chat), conversation, offer.Form(grammar.Read(parsed)), grammar.Asked(parsed), stopTokens, maxTokens),
            };
            var reader = chat is null ? new PlainAnswerReader(session.Tokenizer) : chat.ReadAnswer(session.Tokenizer, conversation);
            return Task.FromResult(Answer(terminal, session, speculate.Read(parsed), request, (reader, parsed.GetValue(stop)!), parsed.GetValue(json), cancellation));
        });
        return command;
    }

    // A prompt alone is easily taken for what the command expects.
    private static string PathOf(ModelOptionsArguments model, ParseResult parsed, Terminal terminal, bool hasPrompt)
    {
        try
        {
            return model.PathOf(parsed, terminal);
        }
        catch (CommandFailedException exception) when (!hasPrompt && parsed.GetValue(model.Model) is { Length: > 0 })
        {
            throw new CommandFailedException($"{exception.Message}; a prompt is given with -p TEXT", exception.ExitCode);
        }
    }

    private static ITokenConstraint? Bind(
        AnswerBinding binding, PromptRequest conversation, AnswerForm form, string? textOption, IReadOnlyCollection<int> stopTokens, int maxTokens)
    {
        try
        {
            return binding.Create(conversation, form, stopTokens, maxTokens);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new CommandFailedException($"{textOption ?? "--tools"}: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    private static int Answer(
        Terminal terminal, ModelSession session, SpeculationOptions? speculation, GenerationRequest request, (AnswerReader Reader, string[] Stops) reading, bool json, CancellationToken cancellation)
    {
        using var generator = session.CreateGenerator(speculation);
        var sequence = generator.Add(request);
        var answer = new AnswerText(sequence, reading.Reader, reading.Stops);
        var printer = json ? null : new AnswerPrinter(terminal);
        var report = AnswerLoop.Run(generator, sequence, session, answer, printer, cancellation);
        if (sequence.FinishReason == FinishReason.Failed)
        {
            terminal.Out.Flush();
            throw new CommandFailedException($"{session.Checkpoint.Path}: {sequence.Error}");
        }

        printer?.Finish();
        if (json)
        {
            CliJson.Write(terminal.Out, report.ToJson(answer.Message));
        }

        terminal.Out.Flush();
        if (sequence is { FinishReason: FinishReason.Length, Error: { } shortage })
        {
            terminal.Warn($"the answer was cut off: {shortage}");
        }

        terminal.Note(report.Line());
        if (sequence.FinishReason == FinishReason.Cancelled)
        {
            terminal.Note($"interrupted after {sequence.GeneratedTokens.Length} tokens; run again with --seed {sequence.Seed} to repeat");
            return Interrupts.ExitCode;
        }

        return 0;
    }

    // The prompt byte for byte: a file need not be valid UTF-8.
    private static byte[] ReadPrompt(Terminal terminal, string? prompt, string? file, CancellationToken cancellation)
    {
        if (prompt is not null && file is not null)
        {
            throw new CommandFailedException("expected one of --prompt and --file, found both", CommandFailedException.WrongUsage);
        }

        if (prompt is not null)
        {
            return Encoding.UTF8.GetBytes(prompt);
        }

        if (file is not null)
        {
            return InputFile.ReadBytes("--file", file);
        }

        if (terminal.InputIsTerminal)
        {
            throw new CommandFailedException("no prompt: give -p TEXT or -f FILE, or pipe it to standard input (crescent chat is for conversations)", CommandFailedException.WrongUsage);
        }

        // Whoever writes the other end may never finish: the read waits on another thread, so that an interrupt ends it.
        return Task.Run(
            () =>
            {
                using var input = terminal.OpenInput();
                using var bytes = new MemoryStream();
                input.CopyTo(bytes);
                return bytes.ToArray();
            },
            CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();
    }
}
