using System.Text.Json.Serialization;
using Crescent.Server.Models;

namespace Crescent.Server.Anthropic.Wire;

internal sealed record ModelEntry(string Id, string DisplayName, DateTimeOffset CreatedAt)
{
    [JsonPropertyOrder(-1)]
    public string Type { get; } = "model";

    public static ModelEntry Of(KnownModel model) => new(model.Name, model.Name, model.Facts.Created);
}
