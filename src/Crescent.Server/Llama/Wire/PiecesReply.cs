namespace Crescent.Server.Llama.Wire;

/// <summary>The reply of <c>/tokenize</c> with pieces.</summary>
internal sealed record PiecesReply(IReadOnlyList<TokenPiece> Tokens);
