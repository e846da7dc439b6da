using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models.Layers;

/// <summary>The routed experts of a layer, a matrix an expert each.</summary>
public sealed record ExpertWeights(WeightMatrix[] Gate, WeightMatrix[] Up, WeightMatrix[] Down)
{
    /// <summary>[experts][expertWidth], added to gate x, or null for none (gpt-oss).</summary>
    public float[][]? GateBias { get; init; }

    /// <summary>[experts][expertWidth], added to up x, or null for none.</summary>
    public float[][]? UpBias { get; init; }

    /// <summary>[experts][hidden], part of the expert's output, so weighted with it, or null for none.</summary>
    public float[][]? DownBias { get; init; }
}

/// <summary>
/// A mixture-of-experts block: <c>y = scale·(Σ_k w_k·Expert_k(x) + Shared(x))</c>. Tokens are grouped by expert, so an expert's weights are read once a
/// step; a token's experts are summed in the order of their choice, so its result does not depend on the batch.
/// </summary>
public sealed class MoeLayer : IBlock
{
    private readonly Linear _routerWeights; // [experts, hidden]
    private readonly Router _router;
    private readonly ExpertWeights _experts;
    private readonly FeedForwardWeights? _shared;
    private readonly GateFunction _function;
    private readonly MoeScratch _scratch;
    private readonly float _outputScale;

    /// <param name="shared">Unit that every token takes: shared experts, or a dense branch beside them (Grok-2).</param>
    /// <param name="outputScale">Factor on the sum of all.</param>
    public MoeLayer(Linear routerWeights, Router router, ExpertWeights experts, FeedForwardWeights? shared, GateFunction function, MoeScratch scratch, float outputScale = 1)
    {
        _outputScale = outputScale;
        _routerWeights = routerWeights;
        _router = router;
        _experts = experts;
        _shared = shared;
        _function = function;
        _scratch = scratch;
    }

    public void Forward(ForwardState state, int layer)
    {
        var rows = state.Batch.Count;
        Route(state, rows);
        GroupByExpert(rows);
        CountExperts(state);
        state.Profile?.Lap(StepPart.Router);

        RunGateAndUp(state, rows);
        state.Profile?.Lap(StepPart.ExpertInput);
        var biases = new GatedRows.Biases(_experts.GateBias, _experts.UpBias, _scratch.ExpertOfSlot);
        GatedRows.Apply(state, _function, _scratch.Middle, _scratch.Up, rows * _router.Options.TopK, biases);
        if (_shared is not null)
        {
            GatedRows.Apply(state, _function, _scratch.Shared!.Middle, _scratch.Shared.Up, rows);
        }

        state.Profile?.Lap(StepPart.Gate);

        RunDown(state, rows);
        state.Profile?.Lap(StepPart.ExpertOutput);
        var work = new CombineWork { Layer = this, State = state };
        state.Pool.Run(ref work, rows, ForwardState.RowGrain(state.HiddenWidth * _router.Options.TopK));
        state.Profile?.Lap(StepPart.Combine);
    }

    private void Route(ForwardState state, int rows)
    {
        // Router products are float32 whatever the activations: near-ties must not flip (models differ by one expert otherwise).
        _scratch.Jobs[0] = _routerWeights.Job(state.Normed, rows, _scratch.Logits);
        state.Multiply(_scratch.Jobs.AsSpan(0, 1), ActivationType.F32);
        var work = new RouteWork { Layer = this };
        state.Pool.Run(ref work, rows, ForwardState.RowGrain(_routerWeights.Outputs * _router.Options.TopK));
    }

    // Counting sort of (token, choice) pairs by expert.
    private void GroupByExpert(int rows)
    {
        var first = _scratch.FirstSlot.AsSpan();
        var slots = rows * _router.Options.TopK;
        first.Clear();
        for (var i = 0; i < slots; i++)
        {
            first[_scratch.Chosen[i] + 1]++;
        }

        for (var e = 1; e < first.Length; e++)
        {
            first[e] += first[e - 1];
        }

        for (var i = 0; i < slots; i++)
        {
            var slot = first[_scratch.Chosen[i]]++;
            _scratch.SlotOf[i] = slot;
            _scratch.RowOfSlot[slot] = i / _router.Options.TopK;
            _scratch.ExpertOfSlot[slot] = _scratch.Chosen[i];
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
        for (var e = 0; e < _experts.Gate.Length; e++)
        {
            state.ExpertsRun += _scratch.FirstSlot[e + 1] > _scratch.FirstSlot[e] ? 1 : 0;
        }
    }

    private void RunGateAndUp(ForwardState state, int rows)
    {
        var count = 0;
        if (_shared is not null)
        {
            _scratch.Jobs[count++] = new Linear(_shared.Gate).Job(state.Normed, rows, _scratch.Shared!.Middle.Values);
            _scratch.Jobs[count++] = new Linear(_shared.Up).Job(state.Normed, rows, _scratch.Shared.Up);
        }

        for (var e = 0; e < _experts.Gate.Length; e++)
        {
            var (slot, tokens) = (_scratch.FirstSlot[e], _scratch.FirstSlot[e + 1] - _scratch.FirstSlot[e]);
            if (tokens > 0)
            {
                _scratch.Jobs[count++] = ExpertInput(_experts.Gate[e], state.Normed, slot, tokens, _scratch.Middle.Values);
                _scratch.Jobs[count++] = ExpertInput(_experts.Up[e], state.Normed, slot, tokens, _scratch.Up);
            }
        }

        state.Multiply(_scratch.Jobs.AsSpan(0, count));
    }

    private void RunDown(ForwardState state, int rows)
    {
        var count = 0;
        if (_shared is not null)
        {
            _scratch.Jobs[count++] = new Linear(_shared.Down).Job(_scratch.Shared!.Middle, rows, state.BlockOutput);
        }

        for (var e = 0; e < _experts.Down.Length; e++)
        {
            var (slot, tokens) = (_scratch.FirstSlot[e], _scratch.FirstSlot[e + 1] - _scratch.FirstSlot[e]);
            if (tokens > 0)
            {
                _scratch.Jobs[count++] = new MatMulJob
                {
                    Weights = _experts.Down[e],
                    Input = _scratch.Middle,
                    InputStart = slot,
                    InputStride = 1,
                    Count = tokens,
                    Output = _scratch.Output,
                    OutputStart = (long)slot * state.HiddenWidth,
                    OutputStride = state.HiddenWidth,
                };
            }
        }

        state.Multiply(_scratch.Jobs.AsSpan(0, count));
    }

    private MatMulJob ExpertInput(WeightMatrix weights, Activations input, int slot, int tokens, AlignedBuffer<float> output) => new()
    {
        Weights = weights,
        Input = input,
        InputRows = _scratch.RowOfSlot,
        InputRowsStart = slot,
        Count = tokens,
        Output = output,
        OutputStart = (long)slot * weights.Rows,
        OutputStride = weights.Rows,
    };

    private struct RouteWork : IWork
    {
        public MoeLayer Layer;

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
                    scratch.Weights.AsSpan(row * topK, topK));
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
                if (Layer._shared is null)
                {
                    output.Clear();
                }

                for (var k = row * topK; k < (row + 1) * topK; k++)
                {
                    var expert = scratch.Output.Span((long)scratch.SlotOf[k] * State.HiddenWidth, State.HiddenWidth);
                    Bias.Add(expert, Layer._experts.DownBias?[scratch.Chosen[k]]);
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
