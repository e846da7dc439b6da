namespace Crescent.Engine.Chat;

/// <summary>A place among the sequences that run together.</summary>
/// <param name="Request">Id of the request that has it; null where it is free.</param>
/// <param name="Prompt">Tokens of its prompt.</param>
/// <param name="Generated">Tokens generated so far.</param>
/// <param name="Remaining">Most tokens that may still come.</param>
public readonly record struct ChatSlot(int Id, long? Request, int Prompt, int Generated, int Remaining);
