using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A conversation as the model's template writes it.</summary>
internal static class ChatPrompt
{
    public static IReadOnlyList<int> Encode(ModelSession session, ChatTemplate template, string? system, string user)
    {
        var messages = new List<ChatMessage>();
        if (system is not null)
        {
            messages.Add(new ChatMessage("system", system));
        }

        messages.Add(new ChatMessage("user", user));
        return Encode(session, template, messages);
    }

    public static IReadOnlyList<int> Encode(ModelSession session, ChatTemplate template, IReadOnlyList<ChatMessage> messages)
    {
        var ids = PromptEncoder.Encode(template.Render(new PromptRequest(messages) { CurrentDate = session.Today }), session.Tokenizer);
        return ids.Length > 0 ? ids : RawPrompt.Encode(session.Tokenizer, []);
    }
}
