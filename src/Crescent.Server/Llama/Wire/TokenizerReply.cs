namespace Crescent.Server.Llama.Wire;

/// <summary>What evaluation harnesses ask of a remote tokenizer.</summary>
internal sealed record TokenizerReply(string? BosToken, string? EosToken, string? PadToken, string ChatTemplate);
