using System.Text.Json.Serialization;
using Crescent.Server.Models;

namespace Crescent.Server.OpenAi.Wire;

/// <param name="ContextLength">Most tokens of prompt and answer; left out before the model is first loaded.</param>
internal sealed record ModelReply(string Id, long Created, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ContextLength, ModelMeta Meta)
{
    public string Object { get; } = "model";

    public string OwnedBy { get; } = "crescent";

    public IReadOnlyList<string> Capabilities { get; } = ["completion", "chat"];

    /// <summary>llama-server's.</summary>
    public required ModelStatus Status { get; init; }

    public static ModelReply Of(KnownModel model)
    {
        var (facts, engine) = (model.Facts, model.Engine);
        return new ModelReply(model.Name, facts.Created.ToUnixTimeSeconds(), engine?.Context, new ModelMeta(engine?.Vocabulary, facts.Parameters, facts.TrainedContext, facts.Size)) { Status = ModelStatus.Of(model) };
    }
}
