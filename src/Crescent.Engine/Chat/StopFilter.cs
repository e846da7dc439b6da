using System.Text;
using Crescent.Engine.Runtime;
using Crescent.Text.Answers;

namespace Crescent.Engine.Chat;

/// <summary>Passes an answer's events on until a stop string appears in its text, and holds back an end of the text that may yet become one.</summary>
internal sealed class StopFilter(IReadOnlyList<string> stops)
{
    private readonly StopStringMatcher _matcher = new(stops);
    private readonly StringBuilder _text = new();

    /// <summary>The stop string that ended the answer; null while there is none.</summary>
    public string? Found => _matcher.Found;

    /// <summary>Moves events to <paramref name="output"/>; those after a stop string are dropped.</summary>
    public void Push(List<AnswerEvent> events, List<AnswerEvent> output)
    {
        foreach (var piece in events)
        {
            if (_matcher.HasStopped)
            {
                break;
            }

            if (piece.Kind == AnswerEventKind.Text)
            {
                _matcher.Push(piece.Text, _text);
                TakeText(output);
            }
            else
            {
                Flush(output); // a stop string does not reach across a call
                output.Add(piece);
            }
        }

        events.Clear();
    }

    /// <summary>What was held back, once no more text comes.</summary>
    public void Flush(List<AnswerEvent> output)
    {
        _matcher.Flush(_text);
        TakeText(output);
    }

    private void TakeText(List<AnswerEvent> output)
    {
        if (_text.Length > 0)
        {
            output.Add(new AnswerEvent(AnswerEventKind.Text, _text.ToString()));
            _text.Clear();
        }
    }
}
