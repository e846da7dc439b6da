using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models.Layers;

/// <summary>The routed experts of a layer, a matrix an expert each.</summary>
public sealed record ExpertWeights(WeightMatrix[] Gate, WeightMatrix[] Up, WeightMatrix[] Down)
{
    public int Count => Gate.Length;

    /// <summary>[experts][expertWidth], added to gate x, or null for none (gpt-oss).</summary>
    public float[][]? GateBias { get; init; }

    /// <summary>[experts][expertWidth], added to up x, or null for none.</summary>
    public float[][]? UpBias { get; init; }

    /// <summary>[experts][hidden], part of the expert's output, so weighted with it, or null for none.</summary>
    public float[][]? DownBias { get; init; }

    /// <summary>The matrices of one expert.</summary>
    public FeedForwardWeights Of(int expert) => new(Gate[expert], Up[expert], Down[expert]);
}
