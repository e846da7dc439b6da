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
        var config = builder.Config;
        var heads = config.Integer("attention.head_count", 1, 65536);
        var ropeWidth = config.Integer("rope.dimension_count", 2, 4096);
        var latent = config.Integer("attention.kv_lora_rank", 1, 16384);
        var keyLength = config.Integer("attention.key_length_mla", config.Integer("attention.key_length", 0, 0, 65536), 0, 65536);
        var valueLength = config.Integer("attention.value_length_mla", config.Integer("attention.value_length", 0, 0, 65536), 0, 65536);
        if (keyLength <= ropeWidth || valueLength < 1 || ropeWidth % 2 != 0)
        {
            throw config.Error($"expected a key length above the even rope width and a value length of at least 1, found key {keyLength}, rope {ropeWidth}, value {valueLength}");
        }

        Experts = config.Integer("expert_count", 0, 0, 65536);
        DenseLayers = Experts == 0 ? builder.Layers : config.Integer("leading_dense_block_count", 0, 0, builder.Layers);
        ExpertWidth = Experts == 0 ? 0 : config.Integer("expert_feed_forward_length");
        SharedWidth = Experts == 0 ? 0 : config.Integer("expert_shared_count", 0, 0, 4096) * ExpertWidth;
        Router = ReadRouter(builder);
        (Rope, var magnitude) = ReadRope(builder, ropeWidth);
        Mla = new MlaOptions(
            heads,
            config.Integer("attention.q_lora_rank", 0, 0, 1 << 20),
            latent,
            keyLength - ropeWidth,
            ropeWidth,
            valueLength,
            (float)(magnitude * magnitude / Math.Sqrt(keyLength)));
    }

    public MlaOptions Mla { get; }

    public Rope Rope { get; }

    public RouterOptions Router { get; }

    public int Experts { get; }

    public int DenseLayers { get; }

    public int ExpertWidth { get; }

    /// <summary>Width of the shared experts, stored as one unit; 0 for none.</summary>
    public int SharedWidth { get; }

    public IReadOnlyList<string> Notes => _notes;

    private RouterOptions ReadRouter(ModelBuilder builder)
    {
        var config = builder.Config;
        var gating = config.Integer("expert_gating_func", 1, 0, 255); // files of the V2 era lack the key: softmax
        var score = gating switch
        {
            0 or 1 => RouterScore.Softmax,
            2 => RouterScore.Sigmoid,
            _ => throw config.Error($"metadata key '{config.Architecture}.expert_gating_func': expected 1 (softmax) or 2 (sigmoid), found {gating}"),
        };
        // Older files of DeepSeek-V3 lack the group keys; the published model routes to 4 of 8 groups.
        var isV3 = Experts == 256 && builder.Layers == 61 && DenseLayers == 3;
        var groups = config.Integer("expert_group_count", isV3 ? 8 : 1, 0, Math.Max(1, Experts));
        var used = config.Integer("expert_group_used_count", isV3 ? 4 : 1, 0, Math.Max(1, Experts));
        groups = Math.Max(groups, 1);
        if (isV3 && !config.Contains("expert_group_count"))
        {
            _notes.Add("expert groups absent from the file: 4 of 8, as DeepSeek-V3 was published");
        }

        var topK = Experts == 0 ? 1 : config.Integer("expert_used_count", 1, Experts);
        if (groups > 1 && (Experts % groups != 0 || used < 1 || used > groups || Experts / groups * used < topK))
        {
            throw config.Error($"expected expert groups that divide {Experts} experts and leave at least {topK} to choose from, found {used} of {groups}");
        }

        var scale = config.Number("expert_weights_scale", 1);
        return new RouterOptions(score, topK, config.Flag("expert_weights_norm", false), scale == 0 ? 1 : scale, groups, used);
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
        var isKimiK2 = builder.Layers == 61 && Experts == 384 && builder.Vocab == 163840 && factor is 32 or 64 && !IsVisionEra(config);
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
