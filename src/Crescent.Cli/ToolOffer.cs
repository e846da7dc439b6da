using Crescent.Engine.Chat;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>The tools that an answer may call.</summary>
/// <param name="Calls">Whether it does.</param>
/// <param name="Only">With calls required: the only tool that may be called; null for any.</param>
internal sealed record ToolOffer(IReadOnlyList<ToolDefinition> Tools, ToolCallMode Calls = ToolCallMode.Auto, string? Only = null)
{
    public static ToolOffer None { get; } = new([]);

    /// <summary>What an answer is bound to.</summary>
    /// <param name="text">What its text must be; null for any.</param>
    public AnswerForm Form(Grammar? text) => new() { Text = text, Calls = Calls, OnlyTool = Only };

    /// <summary>Why a template has no tools, for messages.</summary>
    public static string Unsupported(ChatTemplate template) => $"the template {template.Name} cannot render tools; use a model or a --template that can, such as kimi-k2";
}
