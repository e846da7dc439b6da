using Crescent.Kernels.Attention;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models.Layers;

/// <summary>The weights of grouped-query attention.</summary>
/// <param name="Query">[heads · keyWidth, hidden]</param>
/// <param name="Key">[kvHeads · keyWidth, hidden]</param>
/// <param name="Value">[kvHeads · valueWidth, hidden]</param>
/// <param name="Output">[hidden, heads · valueWidth]</param>
/// <param name="QueryNorm">Norm of every query head before rotation (Qwen3).</param>
/// <param name="KeyNorm">Norm of every key head before rotation.</param>
public sealed record GqaWeights(Linear Query, Linear Key, Linear Value, Linear Output, NormRows? QueryNorm = null, NormRows? KeyNorm = null);

/// <summary>Grouped-query attention with rotary positions over a paged cache (Ainslie et al. 2023).</summary>
/// <param name="modifiers">What this layer adds to plain causal attention; null for nothing.</param>
public sealed class GqaAttention(GqaWeights weights, GqaScratch scratch, AttentionModifiers? modifiers = null) : IBlock
{
    private readonly AttentionModifiers? _modifiers = modifiers;
    private readonly GqaWeights _weights = weights;
    private readonly GqaScratch _scratch = scratch;
    private readonly MatMulJob[] _jobs = new MatMulJob[3];

    public void Forward(ForwardState state, int layer)
    {
        var rows = state.Batch.Count;
        _jobs[0] = _weights.Query.Job(state.Normed, rows, _scratch.Queries);
        _jobs[1] = _weights.Key.Job(state.Normed, rows, _scratch.Keys);
        _jobs[2] = _weights.Value.Job(state.Normed, rows, _scratch.Values);
        state.Multiply(_jobs);
        state.Profile?.Lap(StepPart.AttentionInput);

        var store = new StoreWork { Layer = this, State = state, Layout = state.Cache.Layers[layer] };
        state.Pool.Run(ref store, rows, ForwardState.RowGrain(_weights.Query.Outputs * 2));
        state.Profile?.Lap(StepPart.CacheWrite);

        _scratch.Output.Rows = rows;
        _scratch.Attention.Run(state.Pool, state.Batch.Spans, state.Cache.Layers[layer], _scratch.Queries, _scratch.Output.Values, _modifiers);
        state.Profile?.Lap(StepPart.Attention);

        _jobs[0] = _weights.Output.Job(_scratch.Output, rows, state.BlockOutput);
        state.Multiply(_jobs.AsSpan(0, 1));
        Bias.Add(_weights.Output.Bias, state.BlockOutput, rows);
        state.Profile?.Lap(StepPart.AttentionOutput);
    }

    // Bias, norm and rotation of queries and keys; keys and values go to the cache.
    private struct StoreWork : IWork
    {
        public GqaAttention Layer;
        public ForwardState State;
        public KvLayerLayout Layout;

        public readonly void Execute(int start, int end, int worker)
        {
            var options = Layer._scratch.Options;
            var (weights, scratch) = (Layer._weights, Layer._scratch);
            for (var row = start; row < end; row++)
            {
                var queries = scratch.Queries.Span((long)row * weights.Query.Outputs, weights.Query.Outputs);
                var keys = scratch.Keys.Span((long)row * weights.Key.Outputs, weights.Key.Outputs);
                var values = scratch.Values.Span((long)row * weights.Value.Outputs, weights.Value.Outputs);
                Bias.Add(queries, weights.Query.Bias);
                Bias.Add(keys, weights.Key.Bias);
                Bias.Add(values, weights.Value.Bias);
                Prepare(queries, options.Heads, weights.QueryNorm, row);
                Prepare(keys, options.KvHeads, weights.KeyNorm, row);
                Store(row, keys, values);
            }
        }

        private readonly void Prepare(Span<float> heads, int count, NormRows? norm, int row)
        {
            var width = heads.Length / count;
            for (var h = 0; h < count; h++)
            {
                var head = heads.Slice(h * width, width);
                norm?.Apply(head, head);
                State.Rope?.Rotate(head[..State.Rope.Width], State.RopeRow(row));
            }
        }

        private readonly void Store(int row, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
        {
            var position = State.Batch.Positions[row];
            var page = State.Batch.Spans[State.Batch.SpanOfRow[row]].Pages[position / PagedAttention.PageTokens];
            var slot = position % PagedAttention.PageTokens;
            for (var h = 0; h < Layout.KvHeads; h++)
            {
                KvRow.Encode(Layout.Type, keys.Slice(h * Layout.KeyWidth, Layout.KeyWidth), page.Span(Layout.KeyOffset(slot, h), Layout.KeyRowBytes));
                KvRow.Encode(Layout.Type, values.Slice(h * Layout.ValueWidth, Layout.ValueWidth), page.Span(Layout.ValueOffset(slot, h), Layout.ValueRowBytes));
            }
        }
    }
}
