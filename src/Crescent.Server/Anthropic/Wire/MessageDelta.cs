namespace Crescent.Server.Anthropic.Wire;

internal sealed record MessageDelta(string StopReason, string? StopSequence);
