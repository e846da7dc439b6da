using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models.Layers;

/// <summary>The weights of Kimi Delta Attention. Width of all heads together: <see cref="KdaOptions.HeadsWidth"/>.</summary>
public sealed class KdaWeights
{
    /// <summary>Queries, keys and values: [heads · width, hidden] each.</summary>
    public required WeightMatrix[] Mixed { get; init; }

    /// <summary>[taps, 3, heads, width]: the filters of queries, keys and values</summary>
    public required float[] Filters { get; init; }

    /// <summary>[width, hidden]</summary>
    public required WeightMatrix DecayDown { get; init; }

    /// <summary>[heads · width, width]</summary>
    public required WeightMatrix DecayUp { get; init; }

    /// <summary>[heads · width]</summary>
    public required float[] DecayBias { get; init; }

    /// <summary>[heads]: −exp(A_log)</summary>
    public required float[] DecayRate { get; init; }

    /// <summary>[heads, hidden]</summary>
    public required WeightMatrix Beta { get; init; }

    /// <summary>[width, hidden]</summary>
    public required WeightMatrix GateDown { get; init; }

    /// <summary>[heads · width, width]</summary>
    public required WeightMatrix GateUp { get; init; }

    /// <summary>Norm of every output head.</summary>
    public required NormRows OutputNorm { get; init; }

    /// <summary>[hidden, heads · width]</summary>
    public required WeightMatrix Output { get; init; }
}
