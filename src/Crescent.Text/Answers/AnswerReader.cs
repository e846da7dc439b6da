using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Answers;

/// <summary>
/// Reads a generated answer token by token: text, reasoning and calls as they become certain, and in the end the message to keep in the conversation. Markers
/// are known by their ids, and where they are spelled as text by their names; none gets into text or reasoning. Not thread-safe; one an answer.
/// </summary>
public abstract class AnswerReader
{
    private readonly Dictionary<int, string> _names = [];
    private readonly HashSet<string> _tokens = [];
    private readonly TokenStreamDecoder _decoder;
    private readonly MarkerScanner _scanner;

    /// <param name="markers">Names of the family's markers; those that a reader does not ask for are dropped.</param>
    private protected AnswerReader(Tokenizer tokenizer, params IEnumerable<string> markers)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        string[] names = [.. markers.Distinct()];
        foreach (var name in names)
        {
            if (tokenizer.FindMarker(name) is { } id)
            {
                _names[id] = name;
                _tokens.Add(name);
            }
        }

        _decoder = new TokenStreamDecoder(tokenizer, startOfText: false);
        _scanner = new MarkerScanner(names, OnText, OnSpelled);
        Writer = new AnswerWriter(names);
    }

    /// <summary>The answer so far, reasoning and calls apart from its text.</summary>
    public ChatMessage Message => Writer.Fold.Message;

    /// <summary>
    /// Whether there is neither text nor a call, only blanks or reasoning: after <see cref="Finish"/> a turn that an agent can do nothing with, worth one more try.
    /// </summary>
    public bool IsEmpty => Writer.Fold.IsEmpty;

    private protected AnswerWriter Writer { get; }

    /// <summary>Takes a token in; appends what is now certain to <paramref name="events"/>, often nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public void Push(int id, List<AnswerEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        Writer.Events = events;
        if (_names.TryGetValue(id, out var marker))
        {
            _scanner.Push(_decoder.Flush());
            _scanner.Flush();
            OnMarker(marker);
        }
        else
        {
            _scanner.Push(_decoder.Push(id));
        }
    }

    /// <summary>Ends the answer: appends what was held back, and ends a call that is still open.</summary>
    public void Finish(List<AnswerEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        Writer.Events = events;
        _scanner.Push(_decoder.Flush());
        _scanner.Flush();
        OnFinish();
        Writer.Finish();
    }

    private protected abstract void OnText(string text);

    private protected abstract void OnMarker(string marker);

    private protected abstract void OnFinish();

    // Inside a string of a call's arguments, the spelled name of a marker that is a token is what the model wants to say: a file about templates, say.
    private void OnSpelled(string marker)
    {
        if (Writer.IsInsideArgumentString && _tokens.Contains(marker))
        {
            OnText(marker);
        }
        else
        {
            OnMarker(marker);
        }
    }
}
