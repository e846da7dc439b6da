using System.Text;
using Crescent.Text.Templates;

namespace Crescent.Text.Answers;

/// <summary>Folds the events of an answer into its message. A call counts once it has ended.</summary>
public sealed class AnswerFold
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly StringBuilder _arguments = new();
    private readonly List<ToolCall> _calls = [];
    private AnswerEvent _begun;

    public ChatMessage Message => new("assistant", _text.ToString())
    {
        ReasoningContent = _reasoning.Length > 0 ? _reasoning.ToString() : null,
        ToolCalls = [.. _calls],
    };

    /// <summary>Whether there is neither a call nor text other than blanks.</summary>
    public bool IsEmpty => _calls.Count == 0 && string.IsNullOrWhiteSpace(_text.ToString());

    public void Add(AnswerEvent piece)
    {
        switch (piece.Kind)
        {
            case AnswerEventKind.Text:
                _text.Append(piece.Text);
                break;
            case AnswerEventKind.Reasoning:
                _reasoning.Append(piece.Text);
                break;
            case AnswerEventKind.CallBegin:
                _begun = piece;
                _arguments.Clear();
                break;
            case AnswerEventKind.CallArguments:
                _arguments.Append(piece.Text);
                break;
            case AnswerEventKind.CallEnd:
                _calls.Add(new ToolCall(_begun.CallId!, _begun.CallName!, _arguments.ToString()));
                break;
        }
    }
}
