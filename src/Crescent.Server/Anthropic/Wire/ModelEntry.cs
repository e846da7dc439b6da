using System.Text.Json.Serialization;

namespace Crescent.Server.Anthropic.Wire;

internal sealed record ModelEntry(string Id, string DisplayName, DateTimeOffset CreatedAt)
{
    [JsonPropertyOrder(-1)]
    public string Type { get; } = "model";

    public static ModelEntry Of(ServedModel model) => new(model.Name, model.Name, model.Created);
}
