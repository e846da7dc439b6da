using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;
using Crescent.Training.Models;

namespace Crescent.Training.Optimizers;

/// <summary>
/// QK-Clip (Kimi K2 report, section 2.1): of a head whose largest logit S passed τ, queries and keys without position are scaled by √(τ/S), rotated queries by τ/S; the
/// rotated key, which all heads share, stays.
/// </summary>
internal static class QkClip
{
    /// <returns>Heads that were scaled.</returns>
    public static int Apply(LayerStatistics layer, MlaOptions options, float bound)
    {
        var clipped = 0;
        for (var h = 0; bound > 0 && h < options.Heads; h++)
        {
            if (layer.LargestLogits[h] > bound)
            {
                Scale(layer, options, h, bound / layer.LargestLogits[h]);
                clipped++;
            }
        }

        return clipped;
    }

    private static void Scale(LayerStatistics layer, MlaOptions options, int head, float factor)
    {
        var root = MathF.Sqrt(factor);
        ScaleRows(layer.Query, head * options.HeadWidth, options.NopeWidth, root);
        ScaleRows(layer.Query, (head * options.HeadWidth) + options.NopeWidth, options.RopeWidth, factor);
        ScaleRows(layer.LatentUp, head * (options.NopeWidth + options.ValueWidth), options.NopeWidth, root);
    }

    private static void ScaleRows(Parameters.Parameter parameter, int first, int count, float factor)
    {
        for (var row = first; row < first + count; row++)
        {
            VectorMath.Scale(parameter.Values.Span((long)row * parameter.Columns, parameter.Columns), factor);
        }
    }
}
