using Crescent.Engine.Models.Layers;

namespace Crescent.Engine.Models.KimiLinear;

/// <summary>Keys of <c>kimi-linear</c>: those of <c>deepseek2</c> without rotation, and a layer's kind in <c>attention.head_count_kv</c>.</summary>
internal sealed class KimiLinearConfig
{
    private readonly int[] _kvHeads; // [layers]; 0 for linear attention

    public KimiLinearConfig(ModelBuilder builder)
    {
        _kvHeads = builder.Config.LayerIntegers("attention.head_count_kv", builder.Layers, 0, 65536);
        // Converters leave out what is the same in every published model.
        Moe = new MoeConfig(builder, new MoeDefaults(RouterScore.Sigmoid, Normalise: true));
        Mla = MlaBuilder.ReadOptions(builder);
        Kda = KdaBuilder.ReadOptions(builder);
    }

    public MlaOptions Mla { get; }

    public KdaOptions Kda { get; }

    public MoeConfig Moe { get; }

    /// <summary>Whether a layer has latent attention; the others are linear.</summary>
    public bool IsLatent(int layer) => _kvHeads[layer] > 0;
}
