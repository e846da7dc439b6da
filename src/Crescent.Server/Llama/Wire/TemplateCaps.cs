namespace Crescent.Server.Llama.Wire;

internal sealed record TemplateCaps(bool SupportsTools, bool SupportsToolCalls);
