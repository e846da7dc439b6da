using Crescent.Server.Models;

namespace Crescent.Server.Llama.Wire;

/// <param name="ChatTemplate">The template's name: templates are built in, not files of Jinja.</param>
internal sealed record PropsReply(
    GenerationSettings DefaultGenerationSettings, int TotalSlots, string ModelPath, string ModelAlias, string ChatTemplate, TemplateCaps ChatTemplateCaps, Modalities Modalities,
    string? BosToken, string? EosToken, string BuildInfo)
{
    /// <summary>What is known of a model that is not loaded; its slots are none.</summary>
    public static PropsReply Unloaded(KnownModel model, string build)
    {
        var tools = model.Engine?.SupportsTools ?? false;
        var settings = new GenerationSettings(model.Engine?.Context ?? 0, null);
        return new PropsReply(settings, 0, model.Facts.Path, model.Name, model.Engine?.Template ?? "", new TemplateCaps(tools, tools), new Modalities(false, false), null, null, build) { IsSleeping = true };
    }

    /// <summary>Whether the model is not in memory.</summary>
    public bool IsSleeping { get; private init; }
}
