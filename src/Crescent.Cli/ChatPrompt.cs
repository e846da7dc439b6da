using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A conversation as the model's template writes it.</summary>
internal static class ChatPrompt
{
    public static List<int> Encode(ModelSession session, string? template, string? system, string user)
    {
        var messages = new List<ChatMessage>();
        if (system is not null)
        {
            messages.Add(new ChatMessage { Role = "system", Content = system });
        }

        messages.Add(new ChatMessage { Role = "user", Content = user });
        return Encode(session, session.Template(template), messages);
    }

    public static List<int> Encode(ModelSession session, ChatTemplate template, IReadOnlyList<ChatMessage> messages)
    {
        var segments = template.Render(new ChatRequest { Messages = messages });
        var ids = new List<int>();
        PromptEncoder.Encode(session.Tokenizer, segments, ids);
        return ids.Count > 0 ? ids : RawPrompt.Encode(session.Tokenizer, []);
    }
}
