namespace Crescent.Text.Templates;

/// <summary>What a template renders.</summary>
public sealed record PromptRequest(IReadOnlyList<ChatMessage> Messages)
{
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];

    /// <summary>Whether the prompt ends with the opening of an assistant turn.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>
    /// Whether the last message, an assistant's, is left open, for the model to go on with: its text, or its reasoning where it has reasoning alone.
    /// <see cref="AddGenerationPrompt"/> then says nothing.
    /// </summary>
    public bool ContinueLastMessage { get; init; }

    /// <summary>The date where a template tells the model one (harmony); null leaves the line out.</summary>
    public DateOnly? CurrentDate { get; init; }

    /// <summary>How long the model is to reason, where a template can say so (harmony).</summary>
    public ReasoningEffort ReasoningEffort { get; init; } = ReasoningEffort.Medium;

    /// <summary>Whether the model is to think before it answers, where a template can say so (ChatML, DeepSeek-V3.1); null for the model's habit.</summary>
    public bool? Thinking { get; init; }

    /// <summary>Whether the prompt ends with the opening of a new turn.</summary>
    internal bool OpensTurn => AddGenerationPrompt && !ContinueLastMessage;

    /// <summary>Whether a message is the one that is left open.</summary>
    internal bool IsOpen(ChatMessage message) => ContinueLastMessage && ReferenceEquals(message, Messages[^1]);

    /// <summary>Whether a message is left open within its reasoning.</summary>
    internal bool IsOpenReasoning(ChatMessage message) => IsOpen(message) && message.ReasoningContent is not null && string.IsNullOrEmpty(message.Content);

    /// <summary>Index of the last answer without calls that is complete: reasoning up to it belongs to questions that are settled. −1 where there is none.</summary>
    internal int LastAnswer()
    {
        for (var i = Messages.Count - 1; i >= 0; i--)
        {
            if (Messages[i] is { Role: "assistant", ToolCalls.Count: 0 } && !IsOpen(Messages[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
