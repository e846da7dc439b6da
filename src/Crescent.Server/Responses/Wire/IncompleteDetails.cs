namespace Crescent.Server.Responses.Wire;

internal sealed record IncompleteDetails(string Reason);
