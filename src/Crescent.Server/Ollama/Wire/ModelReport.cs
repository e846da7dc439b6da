using System.Text.Json.Nodes;

namespace Crescent.Server.Ollama.Wire;

/// <summary>A model as <c>/api/show</c> tells of it.</summary>
/// <param name="Template">The template's name: it is no text here.</param>
/// <param name="ModelInfo">Keys as GGUF names them.</param>
internal sealed record ModelReport(string Template, ModelDetails Details, JsonObject ModelInfo, IReadOnlyList<string> Capabilities, DateTimeOffset ModifiedAt)
{
    public string License { get; } = "";

    public string Modelfile { get; } = "";

    public string Parameters { get; } = "";

    public static ModelReport Of(ServedModel model)
    {
        var architecture = model.Engine.Architecture;
        var facts = new JsonObject
        {
            ["general.architecture"] = architecture,
            ["general.basename"] = model.Name,
            [$"{architecture}.context_length"] = model.TrainedContext > 0 ? model.TrainedContext : model.Engine.Context,
            [$"{architecture}.vocab_size"] = model.Engine.Vocabulary,
        };
        return new ModelReport(model.Engine.Template.Name, ModelDetails.Of(model), facts, model.Engine.Template.SupportsTools ? ["completion", "tools"] : ["completion"], model.Created);
    }
}
