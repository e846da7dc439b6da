using Crescent.Text.Templates;

namespace Crescent.Training.Data;

/// <summary>One thing to learn from: running text, or a conversation whose assistant is to be imitated.</summary>
public sealed record Example(string Key, bool IsHeldOut)
{
    /// <summary>Running text; null for a conversation.</summary>
    public string? Text { get; init; }

    /// <summary>A conversation; null for running text.</summary>
    public PromptRequest? Conversation { get; init; }

    public static Example OfText(string key, string text, bool isHeldOut) => new(key, isHeldOut) { Text = text };

    public static Example OfMessages(string key, bool isHeldOut, IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition>? tools = null) =>
        new(key, isHeldOut) { Conversation = new PromptRequest(messages) { Tools = tools ?? [], AddGenerationPrompt = false } };

    /// <summary>A question and its answer.</summary>
    public static Example OfPair(string key, string question, string answer) =>
        OfMessages(key, Split.IsHeldOut(key), [new ChatMessage("user", question), new ChatMessage("assistant", answer)]);

    /// <summary>What duplicates have in common: all words, without regard to case and space.</summary>
    public string Fingerprint() => string.Join(
        ' ', (Text ?? string.Join('\n', Conversation!.Messages.Select(message => $"{message.Role} {message.Content} {string.Join(' ', message.ToolCalls.Select(call => call.Name + call.Arguments))}")))
            .ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
