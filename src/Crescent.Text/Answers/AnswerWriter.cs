namespace Crescent.Text.Answers;

/// <summary>
/// Where readers write: makes events of text, reasoning and calls, trims what a family's templates put around them, and folds them into the message.
/// </summary>
internal sealed class AnswerWriter(string[] markers)
{
    private readonly MarkerGuard _text = new(markers);
    private readonly MarkerGuard _reasoning = new(markers);
    private readonly JsonStringState _argumentStrings = new();
    private string _heldText = "";
    private string _heldReasoning = "";
    private string _heldArguments = "";
    private bool _atStartOfText;
    private bool _atStartOfReasoning;
    private bool _anyArguments;
    private int _calls;

    public AnswerFold Fold { get; } = new();

    public List<AnswerEvent> Events { get; set; } = [];

    /// <summary>Whether newlines around reasoning, and between text and calls, belong to the template and not to the answer.</summary>
    public bool TrimsNewlines { get; set; }

    /// <summary>Characters that are dropped around a call's arguments.</summary>
    public string ArgumentBlanks { get; set; } = " \t\r\n";

    public bool HasOpenCall { get; private set; }

    /// <summary>Whether the open call's arguments stand within a JSON string.</summary>
    public bool IsInsideArgumentString => HasOpenCall && _argumentStrings.IsInside;

    public void BeginReasoning()
    {
        DropText();
        _atStartOfReasoning = TrimsNewlines;
    }

    public void EndReasoning()
    {
        _heldReasoning = "";
        _atStartOfText = TrimsNewlines;
    }

    public void Text(string text)
    {
        text = _text.Filter(Trim(text, ref _heldText, ref _atStartOfText));
        Emit(AnswerEventKind.Text, text);
    }

    public void Reasoning(string text)
    {
        text = _reasoning.Filter(Trim(text, ref _heldReasoning, ref _atStartOfReasoning));
        Emit(AnswerEventKind.Reasoning, text);
    }

    public void BeginCall(string id, string name)
    {
        DropText();
        HasOpenCall = true;
        _anyArguments = false;
        _heldArguments = "";
        _argumentStrings.Reset();
        Emit(new AnswerEvent(AnswerEventKind.CallBegin, "", _calls, id, name));
    }

    public void Arguments(string text)
    {
        text = _heldArguments + text;
        text = _anyArguments ? text : text[CountBlanks(text)..];
        var certain = text.AsSpan().LastIndexOfAnyExcept(ArgumentBlanks) + 1;
        _heldArguments = text[certain..];
        if (certain > 0)
        {
            _anyArguments = true;
            _argumentStrings.Push(text.AsSpan(0, certain));
            Emit(new AnswerEvent(AnswerEventKind.CallArguments, text[..certain], _calls));
        }
    }

    public void EndCall()
    {
        if (HasOpenCall)
        {
            HasOpenCall = false;
            Emit(new AnswerEvent(AnswerEventKind.CallEnd, "", _calls));
            _calls++;
        }
    }

    public void Finish()
    {
        EndCall();
        Emit(AnswerEventKind.Text, _text.Filter(_heldText));
        (_heldText, _heldReasoning) = ("", "");
    }

    private int CountBlanks(string text) => text.AsSpan().IndexOfAnyExcept(ArgumentBlanks) is >= 0 and var first ? first : text.Length;

    private void DropText() => _heldText = "";

    // Without the newlines at the beginning, and with those at the end held back.
    private string Trim(string text, ref string held, ref bool atStart)
    {
        if (!TrimsNewlines)
        {
            return text;
        }

        text = held + text;
        text = atStart ? text.TrimStart('\n') : text;
        var certain = text.AsSpan().TrimEnd('\n').Length;
        atStart &= certain == 0;
        held = text[certain..];
        return text[..certain];
    }

    private void Emit(AnswerEventKind kind, string text)
    {
        if (text.Length > 0)
        {
            Emit(new AnswerEvent(kind, text));
        }
    }

    private void Emit(AnswerEvent piece)
    {
        Events.Add(piece);
        Fold.Add(piece);
    }
}
