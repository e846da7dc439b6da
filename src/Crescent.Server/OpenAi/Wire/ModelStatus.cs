using System.Text.Json.Serialization;
using Crescent.Server.Models;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>Whether a model is loaded, as llama-server tells it.</summary>
/// <param name="Value">unloaded, loading or loaded.</param>
/// <param name="Failed">Whether the last try to load it failed; left out where it did not.</param>
internal sealed record ModelStatus(string Value, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Failed)
{
    public static ModelStatus Of(KnownModel model) => new(
        model.State switch
        {
            ModelState.Loaded => "loaded",
            ModelState.Loading => "loading",
            _ => "unloaded",
        },
        model.HasFailed ? true : null);
}
