namespace Crescent.Server.Ollama.Wire;

internal sealed record OllamaMessage
{
    public string Role { get; } = "assistant";

    public string Content { get; init; } = "";

    public string? Thinking { get; init; }

    public IReadOnlyList<OllamaCall>? ToolCalls { get; init; }
}
