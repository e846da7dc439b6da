using System.Text;

namespace Crescent.Server.Answers;

/// <summary>A run of reasoning, a run of text, or a call: what some APIs send as a block or an item of its own.</summary>
/// <param name="index">Its place in the answer, from 0.</param>
internal sealed class AnswerSection(SectionKind kind, int index, string callId = "", string callName = "")
{
    private readonly StringBuilder _text = new();

    public SectionKind Kind => kind;

    public int Index => index;

    public string CallId => callId;

    public string CallName => callName;

    /// <summary>The text so far; of a call its arguments.</summary>
    public string Text => _text.ToString();

    public void Append(string text) => _text.Append(text);
}
