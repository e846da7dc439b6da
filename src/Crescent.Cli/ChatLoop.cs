using Crescent.Cli.Json;
using Crescent.Engine.Chat;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Text.Answers;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>The loop of <c>crescent chat</c>: reads a message or a slash command, answers, remembers.</summary>
internal sealed class ChatLoop : IDisposable
{
    private const string NoResult = """{"error":"no result"}""";
    private const int LeastAnswer = 16; // tokens that must be left for an answer before turns are dropped

    private const string Help = """"
        /help          this list
        /system TEXT   set the system message (empty: remove it)
        /clear         forget the conversation
        /undo          take the last turn back
        /regen         answer the last message anew
        /save FILE     write the conversation as JSON
        /load FILE     read one back
        /tools         tools on offer; /tools FILE offers others, /tools off none
        /stats         tokens, speed and memory of the last answer
        /exit          leave (also: end of input)
        A message over several lines begins and ends with three quotes (""").
        When the model calls a tool, what you type next is its result: JSON or text, nothing for an error.
        """";

    private static readonly string[] s_commands =
        ["/help", "/system", "/clear", "/undo", "/regen", "/save", "/load", "/tools", "/stats", "/exit", "/quit", "/bye"];

    private static readonly AnswerForm s_anyAnswer = new();

    private readonly Terminal _terminal;
    private readonly ModelSession _session;
    private readonly Conversation _conversation;
    private readonly ChatTemplate _template;
    private readonly SamplingOptions _sampling;
    private readonly int? _maxTokens;
    private readonly Generator _generator;
    private readonly ChatInput _input;
    private readonly AnswerBinding _binding;
    private string? _lastReport;

    public ChatLoop(Terminal terminal, ModelSession session, SpeculationOptions? speculation, ChatTemplate template, SamplingOptions sampling, int? maxTokens)
    {
        _terminal = terminal;
        _session = session;
        _template = template;
        _sampling = sampling;
        _maxTokens = maxTokens;
        _conversation = new Conversation(session, template);
        _generator = session.CreateGenerator(speculation);
        _input = new ChatInput(terminal);
        _binding = new AnswerBinding(session, template);
    }

    public string? SystemMessage
    {
        get => _conversation.SystemMessage;
        init => _conversation.SystemMessage = value;
    }

    /// <summary>Answers come whole, as a JSON document on a line each; everything else goes to the error stream.</summary>
    public bool Json { get; init; }

    private TextWriter Talk => Json ? _terminal.Error : _terminal.Out;

    public int Run(CancellationToken cancellation)
    {
        _terminal.Note($"{_session.Checkpoint.Path}, template {_template.Name}, context {_session.Context}; /help lists commands");
        while (!cancellation.IsCancellationRequested)
        {
            var pending = _conversation.PendingCall;
            ChatLine? line;
            try
            {
                line = _input.Read(pending is null ? "> " : $"result of {pending.Name}> ", cancellation);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            try
            {
                if (line is not { } typed || !Take(typed, pending, cancellation))
                {
                    return 0;
                }
            }
            catch (Exception exception) when (exception is CommandFailedException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                // The conversation goes on: one line says what went wrong.
                _terminal.Error.WriteLine($"crescent: {CommandLine.FirstLine(exception.Message)}");
            }
        }

        _terminal.Note("interrupted; the conversation is not kept: /save FILE before leaving and /load FILE to go on with it");
        return Interrupts.ExitCode;
    }

    public void Dispose() => _generator.Dispose();

    /// <summary>Offers these tools from now on, and no others.</summary>
    /// <param name="source">What names them, for messages.</param>
    /// <exception cref="CommandFailedException">They cannot be offered.</exception>
    public void Offer(IReadOnlyList<ToolDefinition> tools, string source)
    {
        if (tools.Count > 0 && !_template.SupportsTools)
        {
            throw new CommandFailedException($"{source}: {ToolOffer.Unsupported(_template)}");
        }

        try
        {
            _ = _binding.Compile(new PromptRequest([]) { Tools = tools }, s_anyAnswer);
        }
        catch (ArgumentException exception)
        {
            throw new CommandFailedException($"{source}: {CommandLine.FirstLine(exception.Message)}");
        }

        _conversation.Tools = tools;
    }

    // False when the user leaves. What is no command of ours may be a call's result, such as a path.
    private bool Take(ChatLine line, ToolCall? pending, CancellationToken cancellation)
    {
        if (line.IsCommand && (pending is null || s_commands.Contains(line.Command)))
        {
            return Execute(line, cancellation);
        }

        if (pending is not null)
        {
            _conversation.Add(new ChatMessage("tool", line.Text.Length > 0 ? line.Text : NoResult) { ToolCallId = pending.Id });
        }
        else if (line.Text.Length > 0)
        {
            _conversation.Add(new ChatMessage("user", line.Text));
        }
        else
        {
            return true;
        }

        if (_conversation.PendingCall is null)
        {
            Answer(cancellation);
        }

        return true;
    }

    // False when the user leaves.
    private bool Execute(ChatLine line, CancellationToken cancellation)
    {
        var (name, argument) = (line.Command, line.Argument);
        switch (name)
        {
            case "/help":
                Talk.WriteLine(Help);
                break;
            case "/system":
                _conversation.SystemMessage = argument.Length > 0 ? argument : null;
                break;
            case "/clear":
                _conversation.Clear();
                break;
            case "/undo":
                _terminal.Note(_conversation.Undo() is { } undone ? $"took back: {undone}" : "nothing to take back");
                break;
            case "/regen":
                Regenerate(cancellation);
                break;
            case "/save":
                ConversationFile.Save(RequireFile(name, argument), _conversation);
                break;
            case "/load":
                ConversationFile.Load(RequireFile(name, argument), _conversation);
                _terminal.Note($"{_conversation.Messages.Count} messages");
                break;
            case "/tools":
                Tools(argument);
                break;
            case "/stats":
                Talk.WriteLine(_lastReport ?? "no answer yet");
                Talk.WriteLine($"conversation {_conversation.CountTokens()} of {_session.Context} tokens, cache {Sizes.Format(_generator.Pages.AllocatedBytes)}");
                break;
            case "/exit" or "/quit" or "/bye":
                return false;
            default:
                throw new CommandFailedException($"unknown command {name}; /help lists them");
        }

        _terminal.Out.Flush();
        return true;
    }

    private void Tools(string argument)
    {
        if (argument.Length > 0)
        {
            Offer(argument == "off" ? [] : ToolFile.Read("/tools", argument), "/tools");
        }

        foreach (var tool in _conversation.Tools)
        {
            Talk.WriteLine($"{ToolFile.NameOf(tool)}  {ToolFile.DescriptionOf(tool)}".ReplaceLineEndings(" ").TrimEnd());
        }

        if (_conversation.Tools.Count == 0)
        {
            Talk.WriteLine("no tools on offer");
        }
    }

    private void Regenerate(CancellationToken cancellation)
    {
        if (_conversation.Undo() is not { } message)
        {
            throw new CommandFailedException("nothing to answer yet");
        }

        _conversation.Add(new ChatMessage("user", message));
        Answer(cancellation);
    }

    private static string RequireFile(string command, string file) =>
        file.Length > 0 ? file : throw new CommandFailedException($"{command}: expected a file name, found none");

    private void Answer(CancellationToken cancellation)
    {
        IReadOnlyList<int> prompt;
        AnswerReader reader;
        ITokenConstraint? constraint;
        var stopTokens = _session.StopTokens(_template);
        var maxTokens = _maxTokens ?? int.MaxValue;
        try
        {
            prompt = _conversation.Prompt(Math.Min(LeastAnswer, _session.Context / 2), out var dropped);
            if (dropped > 0)
            {
                _terminal.Warn($"the context is full: the oldest {(dropped == 1 ? "turn was" : $"{dropped} turns were")} dropped");
            }

            var conversation = _conversation.Request;
            reader = _template.ReadAnswer(_session.Tokenizer, conversation);
            constraint = _binding.Create(conversation, s_anyAnswer, stopTokens, maxTokens);
        }
        catch (Exception exception) when (exception is CommandFailedException or ArgumentException or NotSupportedException)
        {
            _conversation.RemoveLast();
            throw;
        }

        var sequence = _generator.Add(new GenerationRequest
        {
            Prompt = prompt,
            StoredPrefix = _conversation.StoredPrefix(prompt),
            Sampling = _sampling,
            MaxTokens = maxTokens,
            StopTokens = stopTokens,
            Constraint = constraint,
        });
        var answer = new AnswerText(sequence, reader, []);
        var printer = Json ? null : new AnswerPrinter(_terminal);
        var report = AnswerLoop.Run(_generator, sequence, _session, answer, printer, cancellation);
        printer?.Finish();
        if (sequence.FinishReason == FinishReason.Failed)
        {
            _conversation.RemoveLast();
            throw new CommandFailedException(sequence.Error!);
        }

        if (sequence.FinishReason == FinishReason.Length)
        {
            _terminal.Warn($"the answer was cut off: {sequence.Error ?? "its tokens or the context ran out"}");
        }

        if (Json)
        {
            CliJson.Write(_terminal.Out, report.ToJson(answer.Message));
            _terminal.Out.Flush();
        }

        _conversation.Add(answer.Message);
        _lastReport = report.Line();
        _terminal.Detail(_lastReport);
    }
}
