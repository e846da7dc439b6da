namespace Crescent.Server.OpenAi.Wire;

internal sealed record ModelReply(string Id, long Created, int ContextLength, ModelMeta Meta)
{
    public string Object { get; } = "model";

    public string OwnedBy { get; } = "crescent";

    public IReadOnlyList<string> Capabilities { get; } = ["completion", "chat"];

    public static ModelReply Of(ServedModel model) =>
        new(model.Name, model.Created.ToUnixTimeSeconds(), model.Engine.Context, new ModelMeta(model.Engine.Vocabulary, model.Parameters, model.TrainedContext, model.Size));
}
