using Crescent.Text.Templates;

namespace Crescent.Text.Grammars;

/// <summary>What tool calls an answer may have.</summary>
public sealed record ToolCallOptions
{
    /// <summary>The tools on offer.</summary>
    public required IReadOnlyList<ToolDefinition> Tools { get; init; }

    public ToolCallMode Mode { get; init; }

    /// <summary>With calls required: the only tool that may be called; null for any.</summary>
    public string? OnlyTool { get; init; }

    /// <summary>What an answer without calls must be, with the mode that leaves the choice; null for any text beside the calls.</summary>
    public Grammar? Text { get; init; }

    /// <summary>Whether there may be more than one call.</summary>
    public bool Parallel { get; init; } = true;

    /// <summary>Calls of the conversation before this answer: Kimi's ids count on.</summary>
    public int FirstIndex { get; init; }

    /// <summary>The number of the next call of a conversation.</summary>
    public static int CountCalls(PromptRequest conversation)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        return KimiCallIds.Of(conversation.Messages).NextNumber;
    }

    /// <summary>Whether the prompt ends inside the reasoning, so that the answer begins with it.</summary>
    public bool ReasoningIsOpen { get; init; }
}
