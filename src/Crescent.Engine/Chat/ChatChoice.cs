using Crescent.Engine.Runtime;
using Crescent.Text.Answers;

namespace Crescent.Engine.Chat;

/// <summary>One of a request's answers while it runs. Belongs to the engine's thread; others read its counters.</summary>
internal sealed class ChatChoice
{
    private readonly ChatAnswer _answer;
    private readonly int _index;
    private readonly Sequence _sequence;
    private readonly AnswerReader _reader;
    private readonly StopStringFilter _stops;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly List<AnswerEvent> _parsed = [];
    private readonly List<AnswerEvent> _events = [];
    private AnswerEventKind _kind = AnswerEventKind.Text; // of the last event: what the model is writing
    private int _read;          // generated tokens that were parsed
    private int _sent;          // of them, those that an update has told of
    private int _prefilled;     // prompt tokens that an update has told of
    private int _reasoning;
    private int _callsBegun;
    private int _callsEnded;
    private long _firstToken;

    public ChatChoice(ChatAnswer answer, int index, Sequence sequence, AnswerReader reader, TimeProvider time)
    {
        (_answer, _index, _sequence, _reader, _time) = (answer, index, sequence, reader, time);
        _stops = new StopStringFilter(answer.Request.StopStrings);
        _began = time.GetTimestamp();
        Slot = -1;
    }

    /// <summary>Place among the sequences that run together.</summary>
    public int Slot { get; init; }

    public ChatAnswer Answer => _answer;

    public int Index => _index;

    /// <summary>How often this answer was begun before.</summary>
    public int Attempt { get; init; }

    /// <summary>Whether a turn that says nothing is to be begun again.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>Whether it ended without having said anything, and nobody was told of the end: it is to be begun again.</summary>
    public bool IsToRepeat { get; private set; }

    /// <summary>Whether the prompt is computed.</summary>
    public bool HasPrompt { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>Generated tokens so far.</summary>
    public int Generated { get; private set; }

    // Ended by what was read, whatever the model would go on with.
    private bool IsCut => _stops.Found is not null || (_answer.Request.OneCall && _callsEnded > 0);

    public AnswerUsage Usage => new(_sequence.PromptLength, _sequence.CachedTokens, _sequence.GeneratedTokens.Length, _reasoning)
    {
        Drafted = _sequence.DraftedTokens,
        Accepted = _sequence.AcceptedTokens,
    };

    public TimeSpan Elapsed => _time.GetElapsedTime(_began);

    public AnswerTimings Timings
    {
        get
        {
            var now = _time.GetTimestamp();
            var first = HasPrompt ? _firstToken : now;
            return new AnswerTimings(_time.GetElapsedTime(_answer.Arrived, _began), _time.GetElapsedTime(_began, first), _time.GetElapsedTime(first, now));
        }
    }

    /// <summary>Gives up: its place is free after the next step.</summary>
    public void Cancel()
    {
        Generator.Cancel(_sequence);
        End();
    }

    /// <summary>Tells of what the last step brought.</summary>
    /// <returns>Null, or why the answer failed.</returns>
    public ChatException? Observe(bool isLate)
    {
        ReportPrompt();
        Parse();
        var end = End(isLate);
        if (end is { Error: { } error })
        {
            End();
            return new ChatException(ChatFailure.Failed, error);
        }

        if (end is not null)
        {
            Finish(end.Value.Reason);
            return null;
        }

        Report();
        return null;
    }

    private void ReportPrompt()
    {
        var processed = Math.Min(_sequence.Computed, _sequence.PromptLength);
        if (!HasPrompt && processed > _prefilled)
        {
            _prefilled = processed;
            _answer.Tell(new PrefillUpdate(_index, _sequence.PromptLength, _sequence.CachedTokens, processed, Elapsed));
        }

        if (!HasPrompt && (processed == _sequence.PromptLength || _sequence.FinishReason is not null))
        {
            HasPrompt = true;
            _answer.MarkPrompt();
            _firstToken = _time.GetTimestamp();
            if (_sequence.PromptScores.Count > 0)
            {
                _answer.Tell(new PromptUpdate(_index, _sequence.PromptScores));
            }

            if (_sequence.Embedding is { } embedding)
            {
                _answer.Tell(new EmbeddingUpdate(_index, embedding));
            }
        }
    }

    private void Parse()
    {
        var tokens = _sequence.GeneratedTokens;
        for (; _read < tokens.Length && !IsCut; _read++)
        {
            _reader.Push(tokens[_read], _parsed);
            Take();
            _reasoning += _kind == AnswerEventKind.Reasoning ? 1 : 0;
        }

        if (IsCut)
        {
            Generator.Stop(_sequence, _read);
        }

        Generated = _sequence.GeneratedTokens.Length;
    }

    private void Take()
    {
        foreach (var piece in _parsed)
        {
            _kind = piece.Kind;
            _callsBegun += piece.Kind == AnswerEventKind.CallBegin ? 1 : 0;
            _callsEnded += piece.Kind == AnswerEventKind.CallEnd ? 1 : 0;
        }

        _stops.Apply(_parsed);
        Pass();
    }

    private void Pass()
    {
        _events.AddRange(_parsed);
        _parsed.Clear();
    }

    private (AnswerEnd Reason, string? Error)? End(bool isLate) => _sequence.FinishReason switch
    {
        _ when IsCut => (AnswerEnd.Stop, null),
        FinishReason.Failed => (AnswerEnd.Stop, _sequence.Error ?? "the step failed"),
        FinishReason.Stop => (AnswerEnd.Stop, null),
        FinishReason.Length => (AnswerEnd.Length, null),
        FinishReason.Cancelled => (AnswerEnd.Length, null),
        _ when isLate => (AnswerEnd.Length, null),
        _ => null,
    };

    private void Finish(AnswerEnd reason)
    {
        var (begun, ended) = (_callsBegun, _callsEnded);
        if (_stops.Found is null)
        {
            _reader.Finish(_parsed);
            Take();
            _stops.Finish(_parsed);
            Pass();
            // An answer that is cut off inside a call makes no call.
            var isWhole = reason == AnswerEnd.Stop ? _callsBegun > 0 : begun > 0 && begun == ended;
            reason = _stops.Found is not null ? AnswerEnd.Stop : isWhole ? AnswerEnd.ToolCalls : reason;
        }

        Report();
        IsToRepeat = MayRepeat && reason == AnswerEnd.Stop && _stops.Found is null && _reader.IsEmpty;
        if (IsToRepeat)
        {
            End();
            return;
        }

        _answer.Tell(new EndUpdate(_index, reason, _stops.Found, Usage, Timings, _sequence.Error));
        Generator.Cancel(_sequence);
        End();
    }

    private void End()
    {
        if (!HasEnded)
        {
            HasEnded = true;
            _answer.Request.Ended?.Invoke(_index, Usage, Timings);
        }
    }

    private void Report()
    {
        if (_events.Count == 0 && (_read == _sent || _answer.Request.TopScores is null))
        {
            return;
        }

        var ids = _sequence.GeneratedTokens[_sent.._read].ToArray();
        var scores = _answer.Request.TopScores is null ? [] : _sequence.GeneratedScores.Skip(_sent).Take(ids.Length).ToArray();
        _answer.Tell(new PieceUpdate(_index, [.. _events], ids, scores));
        _events.Clear();
        _sent = _read;
    }
}
