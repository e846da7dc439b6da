namespace Crescent.Server.OpenAi.Wire;

internal sealed record ErrorBody(string Message, string Type, string? Param, string? Code);
