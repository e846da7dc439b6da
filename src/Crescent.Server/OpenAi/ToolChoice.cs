namespace Crescent.Server.OpenAi;

/// <summary>Whether an answer calls tools.</summary>
/// <param name="Name">With <see cref="ToolChoiceKind.Function"/>: the tool.</param>
internal sealed record ToolChoice(ToolChoiceKind Kind, string? Name = null)
{
    public static ToolChoice Auto { get; } = new(ToolChoiceKind.Auto);
}
