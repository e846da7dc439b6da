using Crescent.Training.Layers;
using Crescent.Training.Parameters;

namespace Crescent.Training.Models;

/// <summary>What a layer counts in a step, and what is changed by it outside gradients.</summary>
public sealed class LayerStatistics
{
    private readonly AttentionLayer _attention;
    private readonly FeedForwardLayer _feedForward;

    internal LayerStatistics(AttentionLayer attention, FeedForwardLayer feedForward) => (_attention, _feedForward) = (attention, feedForward);

    /// <summary>[heads]: largest attention logit of the step.</summary>
    public float[] LargestLogits => _attention.LargestLogits;

    /// <summary>[experts]: choices of the step; null in a dense layer.</summary>
    public long[]? Load => _feedForward.Mixture?.Load;

    /// <summary>[experts]: the bias on the choice; null in a dense layer.</summary>
    public float[]? RouterBias => _feedForward.Parameters.RouterBias;

    /// <summary>Up-projection of queries, or the projection itself where queries are not compressed: [heads · (nope + rope), …].</summary>
    public Parameter Query => _attention.Parameters.Query;

    /// <summary>Up-projection of latents: [heads · (nope + value), latent].</summary>
    public Parameter LatentUp => _attention.Parameters.LatentUp;

    internal double BalanceLoss => _feedForward.Mixture?.BalanceLoss ?? 0;

    internal void Clear()
    {
        Array.Fill(LargestLogits, float.NegativeInfinity);
        Array.Clear(Load ?? []);
    }
}
