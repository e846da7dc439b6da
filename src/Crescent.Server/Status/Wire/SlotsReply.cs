namespace Crescent.Server.Status.Wire;

internal sealed record SlotsReply(int Busy, int Total);
