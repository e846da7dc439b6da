using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// A mixture-of-experts block: <c>y = scale·(Σ_k w_k·Expert_k(x) + Shared(x))</c>. Tokens are grouped by expert, so an expert's weights are read once a
/// step; a token's experts are summed in the order of their choice, so its result does not depend on the batch.
/// </summary>
public sealed class MoeLayer : IBlock
{
    private readonly Linear _routerWeights; // [experts, hidden]
    private readonly Router _router;
    private readonly ExpertUnits _units;
    private readonly IExpertPlace _place;
    private readonly MoeScratch _scratch;
    private readonly bool _hasShared;
    private readonly float _outputScale;

    /// <param name="place">Where the experts are.</param>
    /// <param name="shared">Unit that every token takes: shared experts, or a dense branch beside them (Grok-2).</param>
    /// <param name="outputScale">Factor on the sum of all.</param>
    public MoeLayer(
        Linear routerWeights, Router router, ExpertWeights experts, IExpertPlace place, FeedForwardWeights? shared, GateFunction function, MoeScratch scratch, float outputScale = 1)
    {
        _outputScale = outputScale;
        _routerWeights = routerWeights;
        _router = router;
        _units = new ExpertUnits(experts, shared, function, scratch);
        _place = place;
        _hasShared = shared is not null;
        _scratch = scratch;
    }

    /// <summary>Experts, and how many of them a token takes.</summary>
    public (int Experts, int TopK) ExpertShape => (_routerWeights.Outputs, _router.Options.TopK);

    public void Forward(ForwardState state, int layer)
    {
        var rows = state.Batch.Count;
        Route(state, rows);
        Trace(state, rows, layer);
        SkipWeak(state, rows);
        GroupByExpert(rows);
        CountExperts(state);
        state.Profile?.Lap(StepPart.Router);

        _place.Run(state, _units);
        var work = new CombineWork { Layer = this, State = state };
        state.Pool.Run(ref work, rows, ForwardState.RowGrain(state.HiddenWidth * _router.Options.TopK));
        state.Profile?.Lap(StepPart.Combine);
    }

    private void Route(ForwardState state, int rows)
    {
        // Router products are float32 whatever the activations: near-ties must not flip (models differ by one expert otherwise).
        _scratch.Jobs[0] = _routerWeights.Job(state.Normed, rows, _scratch.Logits);
        state.Multiply(_scratch.Jobs.AsSpan(0, 1), ActivationType.F32);
        var preference = state.Lossy?.PreferResident ?? 0;
        var work = new RouteWork { Layer = this, Batch = state.Batch, Preference = preference > 0 && _place.FindResident(_scratch.Resident) ? preference : 0 };
        state.Pool.Run(ref work, rows, ForwardState.RowGrain(_routerWeights.Outputs * _router.Options.TopK));
    }

    private void Trace(ForwardState state, int rows, int layer)
    {
        var topK = _router.Options.TopK;
        var chosen = _scratch.Chosen.AsSpan(0, rows * topK);
        var weights = _scratch.Weights.AsSpan(0, rows * topK);
        state.Playback?.Replace(layer, chosen, weights);
        state.Recorder?.Record(layer, _routerWeights.Outputs, topK, chosen, weights);
    }

    private void SkipWeak(ForwardState state, int rows)
    {
        var topK = _router.Options.TopK;
        for (var row = 0; row < rows && state.Lossy is { SkipShare: > 0 }; row++)
        {
            LossyRouting.SkipWeak(_scratch.Chosen.AsSpan(row * topK, topK), _scratch.Weights.AsSpan(row * topK, topK), state.Lossy.SkipShare, _router.WeighsChosenOnly);
        }
    }

    // Counting sort of (token, choice) pairs by expert.
    private void GroupByExpert(int rows)
    {
        var first = _scratch.FirstSlot.AsSpan();
        var slots = rows * _router.Options.TopK;
        first.Clear();
        for (var i = 0; i < slots; i++)
        {
            if (_scratch.Chosen[i] >= 0)
            {
                first[_scratch.Chosen[i] + 1]++;
            }
        }

        for (var e = 1; e < first.Length; e++)
        {
            first[e] += first[e - 1];
        }

        for (var i = 0; i < slots; i++)
        {
            if (_scratch.Chosen[i] >= 0)
            {
                var slot = first[_scratch.Chosen[i]]++;
                _scratch.SlotOf[i] = slot;
                _scratch.RowOfSlot[slot] = i / _router.Options.TopK;
            }
        }

        // The loop moved each start to the next expert's: move them back.
        for (var e = first.Length - 1; e > 0; e--)
        {
            first[e] = first[e - 1];
        }

        first[0] = 0;
    }

    private void CountExperts(ForwardState state)
    {
        state.ExpertLayersRun++;
        for (var e = 0; e < _units.Weights.Count; e++)
        {
            state.ExpertsRun += _scratch.TokensOf(e) > 0 ? 1 : 0;
        }
    }

    private struct RouteWork : IWork
    {
        public MoeLayer Layer;
        public Batch Batch;
        public float Preference; // for experts in memory; 0 for none

        public readonly void Execute(int start, int end, int worker)
        {
            var scratch = Layer._scratch;
            var experts = Layer._routerWeights.Outputs;
            var topK = Layer._router.Options.TopK;
            for (var row = start; row < end; row++)
            {
                var logits = scratch.Logits.Span((long)row * experts, experts);
                Bias.Add(logits, Layer._routerWeights.Bias);
                Layer._router.Choose(
                    logits,
                    scratch.RouterScratch.AsSpan(worker * 2 * experts, 2 * experts),
                    scratch.Chosen.AsSpan(row * topK, topK),
                    scratch.Weights.AsSpan(row * topK, topK),
                    Preference > 0 && !Batch.IsPrompt(Batch.SpanOfRow[row]) ? scratch.Resident : [],
                    Preference);
            }
        }
    }

    private struct CombineWork : IWork
    {
        public MoeLayer Layer;
        public ForwardState State;

        public readonly void Execute(int start, int end, int worker)
        {
            var scratch = Layer._scratch;
            var topK = Layer._router.Options.TopK;
            for (var row = start; row < end; row++)
            {
                var output = State.OutputRow(row);
                if (!Layer._hasShared)
                {
                    output.Clear();
                }

                for (var k = row * topK; k < (row + 1) * topK; k++)
                {
                    if (scratch.Chosen[k] < 0)
                    {
                        continue;
                    }

                    var expert = scratch.Output.Span((long)scratch.SlotOf[k] * State.HiddenWidth, State.HiddenWidth);
                    Bias.Add(expert, Layer._units.Weights.DownBias?[scratch.Chosen[k]]);
                    VectorMath.AddScaled(output, expert, scratch.Weights[k]);
                }

                if (Layer._outputScale != 1)
                {
                    VectorMath.Scale(output, Layer._outputScale);
                }
            }
        }
    }
}
