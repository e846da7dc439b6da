using Crescent.Text.Grammars;

namespace Crescent.Engine.Chat;

/// <summary>What the answers to a request are bound to, token by token.</summary>
public sealed record AnswerForm
{
    /// <summary>What the text must be; null for any. Where tools may be called, the answer is either calls or such a text.</summary>
    public Grammar? Text { get; init; }

    /// <summary>Whether tools are called. What is called fits its schema in any case, as far as a grammar can say it.</summary>
    public ToolCallMode Calls { get; init; }

    /// <summary>With <see cref="ToolCallMode.Required"/>: the only tool that may be called; null for any.</summary>
    public string? OnlyTool { get; init; }

    /// <summary>Whether there may be more than one call.</summary>
    public bool ParallelCalls { get; init; } = true;
}
