using System.Text;
using Crescent.Cli.Json;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Text.Answers;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>The loop of <c>crescent chat</c>: reads a message or a slash command, answers, remembers.</summary>
internal sealed class ChatLoop : IDisposable
{
    private const string MultiLineMark = "\"\"\"";
    private const int LeastAnswer = 16; // tokens that must be left for an answer before turns are dropped

    private const string Help = """"
        /help          this list
        /system TEXT   set the system message (empty: remove it)
        /clear         forget the conversation
        /undo          take the last turn back
        /regen         answer the last message anew
        /save FILE     write the conversation as JSON
        /load FILE     read one back
        /tools         tools on offer
        /stats         tokens, speed and memory of the last answer
        /exit          leave (also: end of input)
        A message over several lines begins and ends with three quotes (""").
        """";

    private readonly Terminal _terminal;
    private readonly ModelSession _session;
    private readonly Conversation _conversation;
    private readonly ChatTemplate _template;
    private readonly SamplingOptions _sampling;
    private readonly int? _maxTokens;
    private readonly Generator _generator;
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
            string? message;
            bool isCommand;
            try
            {
                message = ReadMessage(cancellation, out isCommand);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            if (message is null)
            {
                return 0;
            }

            try
            {
                if (isCommand)
                {
                    if (!Execute(message, cancellation))
                    {
                        return 0;
                    }
                }
                else if (message.Length > 0)
                {
                    _conversation.Add(new ChatMessage("user", message));
                    Answer(cancellation);
                }
            }
            catch (Exception exception) when (exception is CommandFailedException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                // The conversation goes on: one line says what went wrong.
                _terminal.Error.WriteLine($"crescent: {exception.Message}");
            }
        }

        _terminal.Note("interrupted; the conversation is not kept: /save FILE before leaving and /load FILE to go on with it");
        return Interrupts.ExitCode;
    }

    public void Dispose() => _generator.Dispose();

    // Null at the end of input. Only a message of one line can be a command.
    private string? ReadMessage(CancellationToken cancellation, out bool isCommand)
    {
        isCommand = false;
        Prompt("> ");
        if (ReadLine(cancellation) is not { } line)
        {
            return null;
        }

        if (!line.TrimStart().StartsWith(MultiLineMark, StringComparison.Ordinal))
        {
            line = line.Trim();
            isCommand = line.StartsWith('/');
            return line;
        }

        var text = new StringBuilder(line.TrimStart()[MultiLineMark.Length..]);
        while (!text.ToString().TrimEnd().EndsWith(MultiLineMark, StringComparison.Ordinal))
        {
            Prompt(". ");
            if (ReadLine(cancellation) is not { } next)
            {
                return text.ToString();
            }

            text.Append('\n').Append(next);
        }

        var whole = text.ToString().TrimEnd();
        return whole[..^MultiLineMark.Length].Trim('\n');
    }

    // A read of the keyboard cannot be cancelled: it waits on another thread, so that an interrupt ends the loop.
    private string? ReadLine(CancellationToken cancellation) =>
        Task.Run(_terminal.In.ReadLine, CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();

    private void Prompt(string mark)
    {
        if (_terminal.InputIsTerminal && !_terminal.Quiet)
        {
            _terminal.Error.Write(mark);
            _terminal.Error.Flush();
        }
    }

    // False when the user leaves.
    private bool Execute(string line, CancellationToken cancellation)
    {
        var (name, argument) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at ? (line[..at], line[(at + 1)..].Trim()) : (line, "");
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
                Talk.WriteLine("no tools on offer");
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
        try
        {
            prompt = _conversation.Prompt(Math.Min(LeastAnswer, _session.Context / 2), out var dropped);
            if (dropped > 0)
            {
                _terminal.Warn($"the context is full: the oldest {(dropped == 1 ? "turn was" : $"{dropped} turns were")} dropped");
            }

            reader = _conversation.ReadAnswer();
        }
        catch (CommandFailedException)
        {
            _conversation.Undo();
            throw;
        }

        var sequence = _generator.Add(new GenerationRequest
        {
            Prompt = prompt,
            StoredPrefix = _conversation.StoredPrefix(prompt),
            Sampling = _sampling,
            MaxTokens = _maxTokens ?? int.MaxValue,
            StopTokens = _session.StopTokens(_template),
        });
        _session.Model.Cancellation = cancellation;
        var report = new RunReport(sequence, _session);
        var answer = new AnswerText(sequence, reader, []);
        var printer = new AnswerPrinter(_terminal);
        while (sequence.FinishReason is null)
        {
            if (cancellation.IsCancellationRequested)
            {
                Generator.Cancel(sequence);
            }

            _generator.Step();
            report.Observe();
            Emit(answer.Take());
        }

        Emit(answer.Take());
        if (!Json)
        {
            printer.Finish();
        }

        if (sequence.FinishReason == FinishReason.Failed)
        {
            _conversation.Undo();
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

        void Emit(IReadOnlyList<AnswerEvent> events)
        {
            if (!Json)
            {
                printer.Write(events);
            }
        }
    }
}
