using Crescent.Training.Models;

namespace Crescent.Training.Optimizers;

/// <summary>Balance without a loss (Wang et al. 2024): biases of experts that had less than their share rise by a step, the others' fall.</summary>
internal static class LoadBalance
{
    public static void Step(LayerStatistics layer, float step)
    {
        if (layer.RouterBias is not { } bias)
        {
            return;
        }

        var load = layer.Load!;
        var mean = (double)load.Sum() / load.Length;
        for (var e = 0; e < bias.Length; e++)
        {
            bias[e] += step * Math.Sign(mean - load[e]);
        }
    }
}
