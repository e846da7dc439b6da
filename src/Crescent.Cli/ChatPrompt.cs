using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A conversation as the model's template writes it.</summary>
internal static class ChatPrompt
{
    public static PromptRequest Request(ModelSession session, IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools) =>
        new(messages) { Tools = tools, CurrentDate = session.Today };

    public static IReadOnlyList<ChatMessage> Messages(string? system, string user) =>
        system is null ? [new ChatMessage("user", user)] : [new ChatMessage("system", system), new ChatMessage("user", user)];

    public static IReadOnlyList<int> Encode(ModelSession session, ChatTemplate template, PromptRequest conversation)
    {
        var ids = PromptEncoder.Encode(template.Render(conversation), session.Tokenizer);
        return ids.Length > 0 ? ids : RawPrompt.Encode(session.Tokenizer, []);
    }

    /// <summary>Tokens at the prompt's beginning that are worth keeping for other conversations; 0 where nothing is kept.</summary>
    /// <param name="ids">The prompt.</param>
    public static int StoredPrefix(ModelSession session, ChatTemplate template, PromptRequest conversation, IReadOnlyList<int> ids) =>
        session.Snapshots is { } snapshots && ids.Count >= snapshots.Options.LeastTokens
            ? SharedPrefix.Count(template, conversation, session.Tokenizer, [.. ids])
            : 0;
}
