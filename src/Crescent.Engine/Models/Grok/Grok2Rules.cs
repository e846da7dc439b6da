namespace Crescent.Engine.Models.Grok;

/// <summary>
/// What Grok-2 adds: <c>(dense + mixture) / √2</c>, and four points on which its two engines differ. As released (SGLang): the router's logits are
/// soft-capped, gates stay as they are, scores grow above a position, rotation is not scaled (its rope type is "original"). As llama.cpp reads the
/// GGUF files it makes: no cap, gates renormalised, no growth, and YaRN, which its converter writes for "original".
/// </summary>
internal sealed record Grok2Rules(int DenseWidth, bool AsReleased, float RouterSoftCap, int TemperatureLength)
{
    /// <summary>Factor on the sum of the two branches.</summary>
    public const float BranchScale = 0.70710678118654752f;

    public bool NormaliseGates => !AsReleased;

    public bool ScalesRotation => !AsReleased;

    public IReadOnlyList<string> Notes =>
    [
        AsReleased
            ? $"Grok-2 as released: router capped at {RouterSoftCap}, gates as they are, {(TemperatureLength > 0 ? $"scores growing above position {TemperatureLength}" : "no growing scores")}, rotation not scaled"
            : "Grok-2 as llama.cpp reads it: gates renormalised, no router cap, no growing scores, rotation scaled as the file says; --override-kv grok.as_released=bool:true takes the release's rules",
    ];

    /// <summary>The rules, or null for Grok-1, which has no dense branch. <c>grok.as_released</c> stands in metadata made of a config.json alone.</summary>
    public static Grok2Rules? Read(ModelBuilder builder)
    {
        if (!builder.Tensors.Contains("blk.0.ffn_gate.weight"))
        {
            return null;
        }

        var config = builder.Config;
        var asReleased = config.Flag("as_released", false);
        return new Grok2Rules(
            config.Integer("feed_forward_length"),
            asReleased,
            asReleased ? config.Number("router_logit_softcapping", 30) : 0,
            asReleased ? config.Integer("attention.temperature_length", 0, 0, int.MaxValue) : 0);
    }
}
