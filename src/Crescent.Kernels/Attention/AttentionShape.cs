namespace Crescent.Kernels.Attention;

/// <summary>Shape and constants of one attention.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key-value heads; query head h reads kv head h / (Heads / KvHeads).</param>
/// <param name="KeyWidth">Values of a query and a key.</param>
/// <param name="ValueWidth">Values of a value and of an output head.</param>
/// <param name="ValueIsKeyPrefix">The value is the first ValueWidth values of the key (absorbed MLA).</param>
/// <param name="Scale">Factor on q·k.</param>
/// <param name="SoftCap">cap·tanh(s/cap) on scores before masking; 0 for none.</param>
public sealed record AttentionShape(int Heads, int KvHeads, int KeyWidth, int ValueWidth, bool ValueIsKeyPrefix, float Scale, float SoftCap = 0)
{
    /// <summary>Query heads a kv head serves.</summary>
    public int GroupSize => Heads / KvHeads;
}
