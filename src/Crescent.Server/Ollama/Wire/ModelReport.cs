using System.Text.Json.Nodes;
using Crescent.Server.Models;

namespace Crescent.Server.Ollama.Wire;

/// <summary>A model as <c>/api/show</c> tells of it.</summary>
/// <param name="Template">The template's name: it is no text here. Empty before the model is first loaded.</param>
/// <param name="ModelInfo">Keys as GGUF names them.</param>
internal sealed record ModelReport(string Template, ModelDetails Details, JsonObject ModelInfo, IReadOnlyList<string> Capabilities, DateTimeOffset ModifiedAt)
{
    public string License { get; } = "";

    public string Modelfile { get; } = "";

    public string Parameters { get; } = "";

    public static ModelReport Of(KnownModel model)
    {
        var (architecture, known, engine) = (model.Architecture, model.Facts, model.Engine);
        var facts = new JsonObject
        {
            ["general.architecture"] = architecture,
            ["general.basename"] = model.Name,
            [$"{architecture}.context_length"] = known.TrainedContext > 0 ? known.TrainedContext : engine?.Context,
            [$"{architecture}.vocab_size"] = engine?.Vocabulary,
        };
        return new ModelReport(engine?.Template ?? "", ModelDetails.Of(model), facts, engine?.SupportsTools == true ? ["completion", "tools"] : ["completion"], known.Created);
    }
}
