using System.Text;
using Crescent.Engine.Runtime;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>What is shown of a growing answer and kept of it: its text, or what its template reads from the tokens where there is more to it.</summary>
internal sealed class AnswerText(Sequence sequence, AnswerReader? reader)
{
    private readonly StringBuilder _text = new();
    private int _read;
    private bool _finished;

    /// <summary>All that was shown.</summary>
    public string Text => _text.ToString();

    /// <summary>The message to keep in a conversation.</summary>
    public ChatMessage Message => reader?.Message ?? new ChatMessage("assistant", Text);

    /// <summary>The text that came since the last call.</summary>
    public string Take()
    {
        var text = sequence.TakeText();
        text = reader is null ? text : Read(reader);
        _text.Append(text);
        return text;
    }

    private string Read(AnswerReader reader)
    {
        var text = new StringBuilder();
        foreach (var id in sequence.GeneratedTokens[_read..])
        {
            text.Append(reader.Push(id));
        }

        _read = sequence.GeneratedTokens.Length;
        if (sequence.FinishReason is not null && !_finished)
        {
            _finished = true;
            text.Append(reader.Finish());
        }

        return text.ToString();
    }
}
