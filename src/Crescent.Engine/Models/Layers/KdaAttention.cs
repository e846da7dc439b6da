using Crescent.Kernels.Elementwise;
using Crescent.Kernels.LinearAttention;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// Kimi Delta Attention (arXiv 2510.26692): a linear attention whose state, of one size whatever the length, is corrected by the delta rule and decays
/// for every key channel. Short convolutions stand before it, a normed and gated output after it. It keeps no keys and values, and needs no positions.
/// </summary>
public sealed class KdaAttention(KdaWeights weights, KdaScratch scratch) : IBlock
{
    private const float NormEpsilon = 1e-6f; // of queries and keys, inside the root: flash-linear-attention's l2norm, which the release calls

    private readonly KdaWeights _weights = weights;
    private readonly KdaScratch _scratch = scratch;

    public void Forward(ForwardState state, int layer)
    {
        var (options, rows) = (_scratch.Options, state.Batch.Count);
        var spans = state.Batch.RecurrentSpans;
        var stateOffset = state.Cache.StateOffsets[layer];
        Project(state, rows);
        ShortConvolution.Run(state.Pool, spans, stateOffset, _weights.Filters, 3 * options.HeadsWidth, _scratch.Mixed);
        var prepare = new PrepareWork { Layer = this };
        state.Pool.Run(ref prepare, rows, ForwardState.RowGrain(4 * options.HeadsWidth));

        _scratch.Output.Rows = rows;
        DeltaRule.Run(
            state.Pool, spans, stateOffset + options.TailFloats, options.Heads, options.Width, _scratch.Mixed, _scratch.Decay, _scratch.Beta, _scratch.Output.Values);
        var finish = new FinishWork { Layer = this };
        state.Pool.Run(ref finish, rows, ForwardState.RowGrain(2 * options.HeadsWidth));

        _scratch.Jobs[0] = new Linear(_weights.Output).Job(_scratch.Output, rows, state.BlockOutput);
        state.Multiply(_scratch.Jobs.AsSpan(0, 1));
        state.Profile?.Lap(StepPart.Other);
    }

    // All that reads the normed input goes in one dispatch, the second halves of decay and gate in another.
    private void Project(ForwardState state, int rows)
    {
        var width = _scratch.Options.HeadsWidth;
        for (var part = 0; part < 3; part++)
        {
            _scratch.Jobs[part] = new Linear(_weights.Mixed[part]).Job(state.Normed, rows, _scratch.Mixed) with { OutputStart = part * width, OutputStride = 3L * width };
        }

        _scratch.Jobs[3] = new Linear(_weights.DecayDown).Job(state.Normed, rows, _scratch.DecayDown.Values);
        _scratch.Jobs[4] = new Linear(_weights.GateDown).Job(state.Normed, rows, _scratch.GateDown.Values);
        _scratch.Jobs[5] = new Linear(_weights.Beta).Job(state.Normed, rows, _scratch.Beta);
        state.Multiply(_scratch.Jobs);

        _scratch.DecayDown.Rows = rows;
        _scratch.GateDown.Rows = rows;
        _scratch.Jobs[0] = new Linear(_weights.DecayUp).Job(_scratch.DecayDown, rows, _scratch.Decay);
        _scratch.Jobs[1] = new Linear(_weights.GateUp).Job(_scratch.GateDown, rows, _scratch.Gate);
        state.Multiply(_scratch.Jobs.AsSpan(0, 2));
    }

    // Norms queries and keys, and makes decays and strengths of their logits.
    private struct PrepareWork : IWork
    {
        public KdaAttention Layer;

        public readonly void Execute(int start, int end, int worker)
        {
            var (weights, scratch) = (Layer._weights, Layer._scratch);
            var (heads, width) = (scratch.Options.Heads, scratch.Options.Width);
            var queryLength = 1 / MathF.Sqrt(width);
            for (var row = start; row < end; row++)
            {
                for (var h = 0; h < heads; h++)
                {
                    var query = ((3L * row * heads) + h) * width;
                    L2Norm.Apply(scratch.Mixed.Span(query, width), NormEpsilon, queryLength);
                    L2Norm.Apply(scratch.Mixed.Span(query + scratch.Options.HeadsWidth, width), NormEpsilon);
                    DecayGate.Apply(scratch.Decay.Span((((long)row * heads) + h) * width, width), weights.DecayBias.AsSpan(h * width, width), weights.DecayRate[h]);
                }

                VectorMath.Sigmoid(scratch.Beta.Span((long)row * heads, heads));
            }
        }
    }

    private struct FinishWork : IWork
    {
        public KdaAttention Layer;

        public readonly void Execute(int start, int end, int worker)
        {
            var (weights, scratch) = (Layer._weights, Layer._scratch);
            var (heads, width) = (scratch.Options.Heads, scratch.Options.Width);
            for (var row = start; row < end; row++)
            {
                var output = scratch.Output.Row(row);
                for (var h = 0; h < heads; h++)
                {
                    var head = output.Slice(h * width, width);
                    weights.OutputNorm.Apply(head, head);
                }

                SigmoidGate.Apply(output, scratch.Gate.Span((long)row * output.Length, output.Length));
            }
        }
    }
}
