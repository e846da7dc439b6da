namespace Crescent.Text.Templates;

/// <summary>What a template renders.</summary>
public sealed record PromptRequest(IReadOnlyList<ChatMessage> Messages)
{
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];

    /// <summary>Whether the prompt ends with the opening of an assistant turn.</summary>
    public bool AddGenerationPrompt { get; init; } = true;
}
