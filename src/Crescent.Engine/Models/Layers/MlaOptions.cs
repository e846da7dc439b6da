namespace Crescent.Engine.Models.Layers;

/// <summary>Shape and constants of multi-head latent attention (DeepSeek-V2 report, section 2.1).</summary>
/// <param name="QueryRank">Width of the compressed query; 0 where queries are not compressed.</param>
/// <param name="LatentWidth">Values of the cached latent (kv_lora_rank).</param>
/// <param name="NopeWidth">Values of a query or key head without position.</param>
/// <param name="RopeWidth">Values of a query head, and of the key shared by all heads, that are rotated where the model rotates at all.</param>
/// <param name="ValueWidth">Values of a value head.</param>
/// <param name="Scale">Factor on q·k, YaRN's magnitude included.</param>
public sealed record MlaOptions(int Heads, int QueryRank, int LatentWidth, int NopeWidth, int RopeWidth, int ValueWidth, float Scale)
{
    /// <summary>Values of the cached row: latent and rotated key.</summary>
    public int CachedWidth => LatentWidth + RopeWidth;

    public int HeadWidth => NopeWidth + RopeWidth;
}
