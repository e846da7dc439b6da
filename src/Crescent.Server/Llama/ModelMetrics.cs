using Crescent.Server.Models;

namespace Crescent.Server.Llama;

/// <summary>A model's numbers at one moment.</summary>
/// <param name="Running">Sequences that run.</param>
/// <param name="Waiting">Requests that wait for a place or for the model to be loaded.</param>
internal sealed record ModelMetrics(string Name, bool IsLoaded, int Loads, long ResidentBytes, int Running, int Waiting, ModelTotals Totals)
{
    public static ModelMetrics Read(ModelRegistry models, KnownModel model)
    {
        using var use = models.TryUse(model);
        if (use is null)
        {
            return new ModelMetrics(model.Name, false, model.Loads, 0, 0, model.Waiting, model.Totals);
        }

        var status = use.Model.Engine.Status();
        return new ModelMetrics(model.Name, true, model.Loads, use.Model.Engine.Memory().ResidentBytes, status.Slots.Count(slot => slot.Request is not null), status.Waiting, model.Totals);
    }
}
