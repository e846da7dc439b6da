namespace Crescent.Server.Status.Wire;

/// <param name="Bytes">Weights that are read from the drive when needed.</param>
internal sealed record StreamedReply(long Bytes);
