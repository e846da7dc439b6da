using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// Builds the feed-forward blocks of all layers. Weights are read, and so checked against the file, before any scratch is sized by the
/// configuration.
/// </summary>
internal sealed class FeedForwardBuilder(ModelBuilder builder, GateFunction function)
{
    private readonly ModelBuilder _builder = builder;
    private readonly GateFunction _function = function;
    private readonly List<Plan> _plans = [];

    /// <summary>Adds a dense layer.</summary>
    public void AddDense(string prefix, int width) => _plans.Add(new Plan(_builder.FeedForward(prefix, "", width), null));

    /// <summary>Adds layer <paramref name="index"/> of a model whose first layers are dense.</summary>
    public void Add(int index, MoeConfig config)
    {
        if (index < config.DenseLayers)
        {
            AddDense($"blk.{index}", _builder.Config.Integer("feed_forward_length"));
        }
        else
        {
            AddExperts($"blk.{index}", config.Router, config.Experts, config.ExpertWidth, config.SharedWidth);
        }
    }

    /// <summary>Adds a mixture of experts.</summary>
    /// <param name="sharedWidth">Width of the shared experts together, or of a dense branch beside them; 0 for none.</param>
    /// <param name="sharedSuffix">What follows <c>ffn_gate</c> in the names of the shared unit's tensors.</param>
    /// <param name="outputScale">Factor on the sum of experts and shared unit.</param>
    public void AddExperts(string prefix, RouterOptions router, int experts, int width, int sharedWidth, string sharedSuffix = "_shexp", float outputScale = 1)
    {
        if (router.TopK > experts)
        {
            throw _builder.Config.Error($"expected at most {experts} experts a token (the expert count), found {router.TopK}");
        }

        _plans.Add(new Plan(
            sharedWidth > 0 ? _builder.FeedForward(prefix, sharedSuffix, sharedWidth) : null,
            new MoePlan(
                prefix,
                _builder.Linear($"{prefix}.ffn_gate_inp", experts, _builder.Hidden),
                new Router(router, _builder.Tensors.OptionalVector($"{prefix}.exp_probs_b.bias", experts)),
                _builder.Experts(prefix, experts, width),
                outputScale)));
    }

    /// <summary>The blocks in the order they were added, and the scratch they share.</summary>
    public (IReadOnlyList<IBlock> Blocks, IReadOnlyList<IDisposable> Scratch) Build()
    {
        var rows = _builder.Options.MaxBatchTokens;
        var denseWidth = _plans.Where(plan => plan.Moe is null).Select(plan => plan.Dense!.Width).DefaultIfEmpty(0).First();
        var dense = denseWidth > 0 ? new FeedForwardScratch(rows, denseWidth) : null;
        var moe = _plans.FirstOrDefault(plan => plan.Moe is not null) is { } first
            ? new MoeScratch(
                rows, _builder.Hidden, first.Moe!.Router.Outputs, first.Moe.Choice.Options.TopK, first.Moe.Experts.Gate[0].Rows, first.Dense?.Width ?? 0, _builder.Threads)
            : null;
        var places = _plans.ConvertAll(plan => plan.Moe is { } experts ? _builder.PlaceOf(experts.Prefix, experts.Experts) : null);
        var blocks = _plans.Zip(places, (plan, place) => plan.Moe is { } experts
            ? (IBlock)new MoeLayer(experts.Router, experts.Choice, experts.Experts, place!, plan.Dense, _function, moe!, experts.OutputScale)
            : new FeedForward(plan.Dense!, _function, dense!));
        return ([.. blocks], [.. new IDisposable?[] { dense, moe }.OfType<IDisposable>(), .. LookAhead(places)]);
    }

    // Every layer whose experts are on the drive guesses for the next such layer.
    private List<RouterAhead> LookAhead(List<IExpertPlace?> places)
    {
        var guesses = new List<RouterAhead>();
        StreamedExperts? before = null;
        foreach (var (place, plan) in places.Zip(_plans))
        {
            if (place is StreamedExperts streamed)
            {
                if (before is not null)
                {
                    before.Ahead = new RouterAhead(plan.Moe!.Router, plan.Moe.Choice, streamed);
                    guesses.Add(before.Ahead);
                }

                before = streamed;
            }
        }

        return guesses;
    }

    // Dense: the layer's one unit. Mixture: the shared experts, if any.
    private sealed record Plan(FeedForwardWeights? Dense, MoePlan? Moe);

    private sealed record MoePlan(string Prefix, Linear Router, Router Choice, ExpertWeights Experts, float OutputScale);
}
