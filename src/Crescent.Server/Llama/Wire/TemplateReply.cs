namespace Crescent.Server.Llama.Wire;

internal sealed record TemplateReply(string Prompt);
