namespace Crescent.Server.Llama.Wire;

internal sealed record SlotReply(int Id, long IdTask, int NCtx, bool IsProcessing, int NPrompt, SlotToken NextToken);
