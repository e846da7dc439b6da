namespace Crescent.Server.Responses.Wire;

internal sealed record ResponseError(string Code, string Message);
