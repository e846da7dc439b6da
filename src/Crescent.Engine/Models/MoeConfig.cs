using Crescent.Engine.Models.Layers;

namespace Crescent.Engine.Models;

/// <summary>What keys mean that a file of the DeepSeek family lacks.</summary>
/// <param name="Score">Of <c>expert_gating_func</c>.</param>
/// <param name="Normalise">Of <c>expert_weights_norm</c>.</param>
internal sealed record MoeDefaults(RouterScore Score, bool Normalise, int Groups = 1, int GroupsUsed = 1);

/// <summary>Feed-forward keys of the DeepSeek family: leading dense layers, then mixtures of experts with shared ones.</summary>
internal sealed class MoeConfig
{
    public MoeConfig(ModelBuilder builder, MoeDefaults defaults)
    {
        var config = builder.Config;
        Experts = config.Integer("expert_count", 0, 0, 65536);
        DenseLayers = Experts == 0 ? builder.Layers : config.Integer("leading_dense_block_count", 0, 0, builder.Layers);
        ExpertWidth = Experts == 0 ? 0 : config.Integer("expert_feed_forward_length");
        SharedWidth = Experts == 0 ? 0 : config.Integer("expert_shared_count", 0, 0, 4096) * ExpertWidth;
        Router = ReadRouter(config, defaults);
    }

    public RouterOptions Router { get; }

    public int Experts { get; }

    public int DenseLayers { get; }

    public int ExpertWidth { get; }

    /// <summary>Width of the shared experts, stored as one unit; 0 for none.</summary>
    public int SharedWidth { get; }

    private RouterOptions ReadRouter(GgufConfig config, MoeDefaults defaults)
    {
        var gating = config.Integer("expert_gating_func", 0, 0, 255); // 0, or no key: not said
        var score = gating switch
        {
            0 => defaults.Score,
            1 => RouterScore.Softmax,
            2 => RouterScore.Sigmoid,
            _ => throw config.Error($"metadata key '{config.Architecture}.expert_gating_func': expected 1 (softmax) or 2 (sigmoid), found {gating}"),
        };
        var groups = Math.Max(1, config.Integer("expert_group_count", defaults.Groups, 0, Math.Max(1, Experts)));
        var used = config.Integer("expert_group_used_count", defaults.GroupsUsed, 0, Math.Max(1, Experts));
        var topK = Experts == 0 ? 1 : config.Integer("expert_used_count", 1, Experts);
        if (groups > 1 && (Experts % groups != 0 || used < 1 || used > groups || Experts / groups * used < topK))
        {
            throw config.Error($"expected expert groups that divide {Experts} experts and leave at least {topK} to choose from, found {used} of {groups}");
        }

        var scale = config.Number("expert_weights_scale", 1);
        return new RouterOptions(score, topK, config.Flag("expert_weights_norm", defaults.Normalise), scale == 0 ? 1 : scale, groups, used);
    }
}
