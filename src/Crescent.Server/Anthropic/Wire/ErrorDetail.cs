namespace Crescent.Server.Anthropic.Wire;

internal sealed record ErrorDetail(string Type, string Message);
