using Crescent.Server.Answers;
using Crescent.Text.Templates;

namespace Crescent.Server.Responses;

/// <summary>Puts items together to messages: reasoning, text and calls that follow each other are one turn of the assistant.</summary>
/// <param name="before">The conversation so far.</param>
internal sealed class ItemConversation(IEnumerable<ChatMessage> before)
{
    private readonly List<ChatMessage> _messages = [.. before];
    private bool _isOpen;

    public IReadOnlyList<ChatMessage> Messages => _messages;

    public void Add(ChatMessage message)
    {
        if (message.Role == "assistant")
        {
            AddText(message.Content ?? "");
            return;
        }

        _messages.Add(message);
        _isOpen = false;
    }

    public void AddReasoning(string text)
    {
        var turn = Turn(continues: last => last.Content is null && last.ToolCalls.Count == 0);
        Replace(turn with { ReasoningContent = turn.ReasoningContent + text });
    }

    public void AddText(string text) => Replace(Turn(continues: last => last.Content is null && last.ToolCalls.Count == 0) with { Content = text });

    public void AddCall(ToolCall call)
    {
        var turn = Turn(continues: _ => true);
        Replace(turn with { ToolCalls = [.. turn.ToolCalls, call] });
    }

    /// <summary>An answer's sections.</summary>
    public void Add(IEnumerable<AnswerSection> sections)
    {
        foreach (var section in sections)
        {
            switch (section.Kind)
            {
                case SectionKind.Reasoning:
                    AddReasoning(section.Text);
                    break;
                case SectionKind.Call:
                    AddCall(new ToolCall(section.CallId, section.CallName, section.Text));
                    break;
                default:
                    AddText(section.Text);
                    break;
            }
        }
    }

    private ChatMessage Turn(Func<ChatMessage, bool> continues)
    {
        if (!_isOpen || !continues(_messages[^1]))
        {
            _messages.Add(new ChatMessage("assistant", null));
            _isOpen = true;
        }

        return _messages[^1];
    }

    private void Replace(ChatMessage turn) => _messages[^1] = turn;
}
