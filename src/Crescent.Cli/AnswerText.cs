using Crescent.Engine.Runtime;
using Crescent.Text.Answers;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A growing answer as its template reads it from the tokens, up to the first stop string in its text.</summary>
internal sealed class AnswerText(Sequence sequence, AnswerReader reader, IReadOnlyList<string> stops)
{
    private readonly List<AnswerEvent> _events = [];
    private readonly StopStringFilter _filter = new(stops);
    private int _read;
    private bool _finished;

    /// <summary>The message to keep in a conversation.</summary>
    public ChatMessage Message => _filter.Message;

    /// <summary>What came since the last call, until the next; ends the sequence at a stop string.</summary>
    public IReadOnlyList<AnswerEvent> Take()
    {
        _events.Clear();
        var piece = new List<AnswerEvent>();
        while (_read < sequence.GeneratedTokens.Length)
        {
            reader.Push(sequence.GeneratedTokens[_read++], piece);
            var isStop = _filter.Apply(piece);
            _events.AddRange(piece);
            piece.Clear();
            if (isStop)
            {
                Generator.Stop(sequence, _read);
                return _events;
            }
        }

        if (_filter.Found is null && sequence.FinishReason is not null && !_finished)
        {
            _finished = true;
            var rest = new List<AnswerEvent>();
            reader.Finish(rest);
            _filter.Finish(rest);
            _events.AddRange(rest);
        }

        return _events;
    }
}
