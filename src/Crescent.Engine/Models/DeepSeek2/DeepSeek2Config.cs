using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.DeepSeek2;

/// <summary>Keys of <c>deepseek2</c>: DeepSeek-V2 and V3, Moonlight, Kimi K2.</summary>
internal sealed class DeepSeek2Config
{
    private const float DefaultYarnLogMultiplier = 0.1f; // DeepSeek files before the key existed had mscale_all_dim 1

    private readonly List<string> _notes = [];

    public DeepSeek2Config(ModelBuilder builder)
    {
        Moe = ReadMoe(builder);
        (Rope, var magnitude) = ReadRope(builder, MlaBuilder.ReadRopeWidth(builder.Config));
        Mla = MlaBuilder.ReadOptions(builder, magnitude);
    }

    public MlaOptions Mla { get; }

    public Rope Rope { get; }

    public MoeConfig Moe { get; }

    public IReadOnlyList<string> Notes => _notes;

    // Files of the V2 era lack the gating function: softmax. Older files of DeepSeek-V3 lack the group keys; the published model routes to 4 of 8 groups.
    private MoeConfig ReadMoe(ModelBuilder builder)
    {
        var plain = new MoeDefaults(RouterScore.Softmax, Normalise: false);
        var moe = new MoeConfig(builder, plain);
        if (moe.Experts != 256 || builder.Layers != 61 || moe.DenseLayers != 3)
        {
            return moe;
        }

        if (!builder.Config.Contains("expert_group_count"))
        {
            _notes.Add("expert groups absent from the file: 4 of 8, as DeepSeek-V3 was published");
        }

        return new MoeConfig(builder, plain with { Groups = 8, GroupsUsed = 4 });
    }

    // YaRN's gain goes into the softmax scale alone: cosines and sines keep magnitude 1 (mscale equals mscale_all_dim in every published config).
    private (Rope Rope, double Magnitude) ReadRope(ModelBuilder builder, int width)
    {
        var config = builder.Config;
        double theta = config.Positive("rope.freq_base", 10000f);
        double factor = config.Positive("rope.scaling.factor", 1f);
        if (config.Text("rope.scaling.type") != "yarn")
        {
            return (new Rope(RopePairing.Interleaved, RopeFrequencies.Plain(width, theta)), 1);
        }

        // Most converters of Kimi K2 store no betas; its config says 1 and 1, not YaRN's usual 32 and 1.
        var isKimiK2 = builder.Layers == 61 && Moe.Experts == 384 && builder.Vocab == 163840 && factor is 32 or 64 && !IsVisionEra(config);
        if (isKimiK2 && !config.Contains("rope.scaling.yarn_beta_fast"))
        {
            _notes.Add("YaRN betas absent from the file: 1 and 1, as Kimi K2 was published");
        }

        var scaling = RopeConfig.ReadYarn(config, factor, isKimiK2 ? 1 : 32, 1);
        var magnitude = 1 + (config.Number("rope.scaling.yarn_log_multiplier", DefaultYarnLogMultiplier) * Math.Log(Math.Max(factor, 1)));
        return (new Rope(RopePairing.Interleaved, RopeFrequencies.Yarn(width, theta, scaling)), magnitude);
    }

    private static bool IsVisionEra(GgufConfig config) =>
        config.Metadata.TryGetString("general.name", out var name)
        && (name.Contains("K2.5", StringComparison.OrdinalIgnoreCase) || name.Contains("K2.6", StringComparison.OrdinalIgnoreCase));
}
