namespace Crescent.Server.OpenAi.Wire;

/// <summary>llama-server's <c>prompt_progress</c>: how far the prompt is.</summary>
internal sealed record PromptProgress(int Total, int Cache, int Processed, long TimeMs);
