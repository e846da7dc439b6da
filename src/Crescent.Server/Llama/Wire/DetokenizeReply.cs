namespace Crescent.Server.Llama.Wire;

/// <summary>The same text twice: llama-server's clients read <c>content</c>, evaluation harnesses <c>prompt</c>.</summary>
internal sealed record DetokenizeReply(string Content, string Prompt);
