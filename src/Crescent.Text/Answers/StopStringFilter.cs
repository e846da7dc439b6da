using System.Text;
using Crescent.Text.Templates;

namespace Crescent.Text.Answers;

/// <summary>
/// Applies a caller's stop strings to the text of an answer, not to its reasoning, calls or markers: lets events pass until a stop string appears, and holds back an
/// end of the text that may yet become one. Not thread-safe; one an answer.
/// </summary>
public sealed class StopStringFilter(IReadOnlyList<string> stops)
{
    private readonly StopStringMatcher _matcher = new(stops);
    private readonly AnswerFold _fold = new();
    private readonly StringBuilder _text = new();

    /// <summary>Whether a stop string was found: nothing passes any more, and generation can end.</summary>
    public bool HasStopped => _matcher.HasStopped;

    /// <summary>The stop string that was found.</summary>
    public string? Found => _matcher.Found;

    /// <summary>The answer as far as it passed.</summary>
    public ChatMessage Message => _fold.Message;

    /// <summary>Leaves in the list what may pass now; true where a stop string was found.</summary>
    /// <param name="events">What <see cref="AnswerReader.Push"/> has given out since the last call.</param>
    public bool Apply(List<AnswerEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var output = new List<AnswerEvent>(events.Count);
        foreach (var piece in events)
        {
            if (HasStopped)
            {
                break;
            }

            if (piece.Kind == AnswerEventKind.Text)
            {
                _matcher.Push(piece.Text, _text);
                Take(output);
            }
            else
            {
                // Text goes on behind it, but a stop string does not reach across.
                Flush(output);
                output.Add(piece);
            }
        }

        Replace(events, output);
        return HasStopped;
    }

    /// <summary>The same for the events of <see cref="AnswerReader.Finish"/>: what was held back passes too.</summary>
    public bool Finish(List<AnswerEvent> events)
    {
        if (!Apply(events))
        {
            var output = new List<AnswerEvent>();
            Flush(output);
            output.ForEach(_fold.Add);
            events.AddRange(output);
        }

        return HasStopped;
    }

    private void Flush(List<AnswerEvent> output)
    {
        _matcher.Flush(_text);
        Take(output);
    }

    private void Take(List<AnswerEvent> output)
    {
        if (_text.Length > 0)
        {
            output.Add(new AnswerEvent(AnswerEventKind.Text, _text.ToString()));
            _text.Clear();
        }
    }

    private void Replace(List<AnswerEvent> events, List<AnswerEvent> output)
    {
        output.ForEach(_fold.Add);
        events.Clear();
        events.AddRange(output);
    }
}
