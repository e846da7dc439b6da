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
}
