namespace Crescent.Text.Templates;

/// <summary>One message of a conversation. Everything in it is untrusted text, its role and name too.</summary>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>Stands in place of the role where a template has room for it.</summary>
    public string? Name { get; init; }

    /// <summary>An assistant's reasoning, without its tags.</summary>
    public string? ReasoningContent { get; init; }

    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>In a message of role tool: the call it answers.</summary>
    public string? ToolCallId { get; init; }
}
