using System.Text;
using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Ollama.Wire;
using Crescent.Text.Answers;

namespace Crescent.Server.Ollama;

/// <summary>Writes an answer as lines, or as one reply. A call is told when it is complete; one that was cut off never is.</summary>
/// <param name="isChat">Whether pieces are messages, or plain responses.</param>
internal sealed class OllamaWriter(bool isChat, string model, TimeProvider time)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _thinking = new();
    private readonly List<OllamaCall> _calls = [];
    private readonly StringBuilder _arguments = new();
    private AnswerEvent _call;

    /// <summary>The lines that an update makes.</summary>
    public IReadOnlyList<OllamaReply> Lines(ChatUpdate update) => update switch
    {
        PieceUpdate piece => [.. piece.Events.Select(Push).OfType<OllamaReply>()],
        EndUpdate end => [End(end)],
        _ => [],
    };

    /// <summary>The line that a piece makes; null for none.</summary>
    public OllamaReply? Push(AnswerEvent piece)
    {
        switch (piece.Kind)
        {
            case AnswerEventKind.Text:
                _text.Append(piece.Text);
                return Line(piece.Text);
            case AnswerEventKind.Reasoning:
                _thinking.Append(piece.Text);
                return Line("", piece.Text);
            case AnswerEventKind.CallBegin:
                _call = piece;
                _arguments.Clear();
                return null;
            case AnswerEventKind.CallArguments:
                _arguments.Append(piece.Text);
                return null;
            default:
                var call = new OllamaCall(_call.CallId ?? "", new OllamaFunction(_calls.Count, _call.CallName ?? "", CallArguments.ToObject(_arguments.ToString())));
                _calls.Add(call);
                return Line("", null, [call]);
        }
    }

    /// <summary>The line that ends a stream.</summary>
    public OllamaReply End(EndUpdate end) => Line("").End(end);

    /// <summary>The whole answer.</summary>
    public OllamaReply Whole(EndUpdate end) => Line(_text.ToString(), _thinking.Length > 0 ? _thinking.ToString() : null, _calls.Count > 0 ? _calls : null).End(end);

    /// <summary>The answer to a request with nothing to answer.</summary>
    /// <param name="reason">load or unload: what was done instead.</param>
    public OllamaReply Done(string reason) => Line("") with { Done = true, DoneReason = reason };

    private OllamaReply Line(string text, string? thinking = null, IReadOnlyList<OllamaCall>? calls = null)
    {
        var line = new OllamaReply(model, time.GetUtcNow());
        return isChat
            ? line with { Message = new OllamaMessage { Content = text, Thinking = thinking, ToolCalls = calls } }
            : line with { Response = text, Thinking = thinking };
    }
}
