namespace Crescent.Server.Llama.Wire;

internal sealed record SlotToken(bool HasNextToken, int NRemain, int NDecoded);
