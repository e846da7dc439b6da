namespace Crescent.Server.Llama.Wire;

/// <param name="ChatTemplate">The template's name: templates are built in, not files of Jinja.</param>
internal sealed record PropsReply(
    GenerationSettings DefaultGenerationSettings, int TotalSlots, string ModelPath, string ModelAlias, string ChatTemplate, TemplateCaps ChatTemplateCaps, Modalities Modalities,
    string? BosToken, string? EosToken, string BuildInfo);
