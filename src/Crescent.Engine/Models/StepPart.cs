namespace Crescent.Engine.Models;

/// <summary>What a step's time goes to.</summary>
public enum StepPart
{
    /// <summary>Rows of the embedding, and rotation factors.</summary>
    Embedding,

    /// <summary>Norms and additions of the residual stream.</summary>
    Norm,

    /// <summary>Products that make queries, keys, values and latents.</summary>
    AttentionInput,

    /// <summary>Rotation, norms of queries and keys, and writing the cache.</summary>
    CacheWrite,

    /// <summary>Products with the up-projections of latent attention: queries into the latent space and back, or latents to keys and values.</summary>
    LatentProducts,

    /// <summary>Scores, softmax and weighted sums over the cache.</summary>
    Attention,

    /// <summary>The product that ends attention.</summary>
    AttentionOutput,

    /// <summary>Scores of the experts, the choice, and the grouping of tokens.</summary>
    Router,

    /// <summary>Gate and up of experts, shared ones included.</summary>
    ExpertInput,

    /// <summary>Down of experts.</summary>
    ExpertOutput,

    /// <summary>Products of dense feed-forward units.</summary>
    FeedForward,

    /// <summary>The gate functions.</summary>
    Gate,

    /// <summary>Weighted sums of experts.</summary>
    Combine,

    /// <summary>The last norm and the logits.</summary>
    Head,

    /// <summary>Waiting for experts to come from the drive, with nothing to compute.</summary>
    Waiting,

    /// <summary>Layers of other kinds (linear attention).</summary>
    Other,
}
