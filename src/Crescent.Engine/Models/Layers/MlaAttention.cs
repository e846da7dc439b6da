using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// Multi-head latent attention (DeepSeek-V2 report, section 2.1; models of DeepSeek and Moonshot). Cached is one row a token: the normed latent and
/// the rotated shared key. Absorbed form: queries are mapped into the latent space and attend to the cached rows as they are. Expanded form: keys
/// and values of all heads are made from the latents, block by block of positions.
/// </summary>
public sealed class MlaAttention(MlaWeights weights, MlaScratch scratch) : IBlock
{
    private readonly MlaWeights _weights = weights;
    private readonly MlaScratch _scratch = scratch;

    public void Forward(ForwardState state, int layer)
    {
        var rows = state.Batch.Count;
        var layout = state.Cache.Layers[layer];
        Project(state, rows);
        state.Profile?.Lap(StepPart.AttentionInput);
        var store = new StoreWork { Layer = this, State = state, Layout = layout };
        state.Pool.Run(ref store, rows, ForwardState.RowGrain(_scratch.Options.Heads * _scratch.Options.HeadWidth));
        state.Profile?.Lap(StepPart.CacheWrite);

        _scratch.Output.Rows = rows;
        for (var span = 0; span < state.Batch.Spans.Length;)
        {
            // Neighbouring spans of absorbed tokens run together.
            var end = span;
            while (end < state.Batch.Spans.Length && !IsExpanded(state, end))
            {
                end++;
            }

            if (end > span)
            {
                RunAbsorbed(state, layout, span, end);
                span = end;
            }
            else
            {
                RunExpanded(state, layout, span++);
            }
        }

        _scratch.Jobs[0] = new Linear(_weights.Output).Job(_scratch.Output, rows, state.BlockOutput);
        state.Multiply(_scratch.Jobs.AsSpan(0, 1));
        state.Profile?.Lap(StepPart.AttentionOutput);
    }

    private bool IsExpanded(ForwardState state, int span) => _scratch.Form != MlaForm.Absorbed && state.Batch.IsPrompt(span);

    // Queries and latents. Both read the same normed input, so they go in one dispatch.
    private void Project(ForwardState state, int rows)
    {
        var query = new Linear(_weights.QueryDown ?? _weights.Query);
        _scratch.Jobs[0] = query.Job(state.Normed, rows, _scratch.QueryDown?.Values ?? _scratch.Queries);
        _scratch.Jobs[1] = new Linear(_weights.LatentDown).Job(state.Normed, rows, _scratch.Latents);
        state.Multiply(_scratch.Jobs.AsSpan(0, 2));
        if (_scratch.QueryDown is { } compressed)
        {
            compressed.Rows = rows;
            var norm = new NormWork { Norm = _weights.QueryNorm!, Rows = compressed };
            state.Pool.Run(ref norm, rows, ForwardState.RowGrain(_scratch.Options.QueryRank));

            _scratch.Jobs[0] = new Linear(_weights.Query).Job(compressed, rows, _scratch.Queries);
            state.Multiply(_scratch.Jobs.AsSpan(0, 1));
        }
    }

    private void RunAbsorbed(ForwardState state, KvLayerLayout layout, int firstSpan, int endSpan)
    {
        var options = _scratch.Options;
        var spans = state.Batch.Spans[firstSpan..endSpan];
        var firstRow = spans[0].FirstRow;
        var rows = spans[^1].FirstRow + spans[^1].Count - firstRow;

        // Every head maps its query: q̃_h = Wuk[h]ᵀ q_h.
        _scratch.Nope.Rows = (firstRow + rows) * options.Heads;
        for (var h = 0; h < options.Heads; h++)
        {
            _scratch.Jobs[h] = new MatMulJob
            {
                Weights = _weights.KeyUp[h],
                Transposed = !_weights.KeyIsTransposed,
                Input = _scratch.Nope,
                InputStart = (firstRow * options.Heads) + h,
                InputStride = options.Heads,
                Count = rows,
                Output = _scratch.AbsorbedQueries,
                OutputStart = (((long)firstRow * options.Heads) + h) * options.CachedWidth,
                OutputStride = (long)options.Heads * options.CachedWidth,
            };
        }

        state.Multiply(_scratch.Jobs.AsSpan(0, options.Heads));
        state.Profile?.Lap(StepPart.LatentProducts);
        _scratch.AbsorbedOutput.Rows = (firstRow + rows) * options.Heads;
        _scratch.Absorbed.Run(state.Pool, spans, layout, _scratch.AbsorbedQueries, _scratch.AbsorbedOutput.Values);
        state.Profile?.Lap(StepPart.Attention);

        // o_h = Wuv[h] u_h
        for (var h = 0; h < options.Heads; h++)
        {
            _scratch.Jobs[h] = new MatMulJob
            {
                Weights = _weights.ValueUp[h],
                Input = _scratch.AbsorbedOutput,
                InputStart = (firstRow * options.Heads) + h,
                InputStride = options.Heads,
                Count = rows,
                Output = _scratch.Output.Values,
                OutputStart = (((long)firstRow * options.Heads) + h) * options.ValueWidth,
                OutputStride = (long)options.Heads * options.ValueWidth,
            };
        }

        state.Multiply(_scratch.Jobs.AsSpan(0, options.Heads));
        state.Profile?.Lap(StepPart.LatentProducts);
    }

    private void RunExpanded(ForwardState state, KvLayerLayout layout, int spanIndex)
    {
        var span = state.Batch.Spans[spanIndex];
        var end = span.FirstPosition + span.Count;
        for (var first = 0; first < end; first += MlaScratch.ExpandedPositions)
        {
            var positions = Math.Min(MlaScratch.ExpandedPositions, end - first);
            ExpandBlock(state, layout, span, first, positions);
            _scratch.Expanded!.RunExpanded(
                state.Pool,
                span,
                first,
                positions,
                MlaScratch.ExpandedPositions,
                _scratch.BlockKeys!,
                _scratch.BlockRotary!,
                _scratch.BlockValues!,
                _scratch.Options.RopeWidth,
                _scratch.Queries,
                _scratch.Output.Values,
                initialise: first == 0,
                finish: first + positions == end);
            state.Profile?.Lap(StepPart.Attention);
        }
    }

    // Keys and values of all heads for one block of positions, from the cached latents.
    private void ExpandBlock(ForwardState state, KvLayerLayout layout, AttentionSpan span, int first, int positions)
    {
        var options = _scratch.Options;
        _scratch.BlockLatents!.Rows = positions;
        var read = new ReadWork { Scratch = _scratch, Layout = layout, Span = span, First = first };
        state.Pool.Run(ref read, positions, ForwardState.RowGrain(options.CachedWidth));
        for (var h = 0; h < options.Heads; h++)
        {
            _scratch.Jobs[2 * h] = new MatMulJob
            {
                Weights = _weights.KeyUp[h],
                Transposed = _weights.KeyIsTransposed,
                Input = _scratch.BlockLatents,
                InputStride = 1,
                Count = positions,
                Output = _scratch.BlockKeys!,
                OutputStart = (long)h * MlaScratch.ExpandedPositions * options.NopeWidth,
                OutputStride = options.NopeWidth,
            };
            _scratch.Jobs[(2 * h) + 1] = new MatMulJob
            {
                Weights = _weights.ValueUp[h],
                Input = _scratch.BlockLatents,
                InputStride = 1,
                Count = positions,
                Output = _scratch.BlockValues!,
                OutputStart = (long)h * MlaScratch.ExpandedPositions * options.ValueWidth,
                OutputStride = options.ValueWidth,
            };
        }

        state.Multiply(_scratch.Jobs);
        state.Profile?.Lap(StepPart.LatentProducts);
    }

    private struct NormWork : IWork
    {
        public NormRows Norm;
        public Activations Rows;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var row = start; row < end; row++)
            {
                Norm.Apply(Rows.Row(row), Rows.Row(row));
            }
        }
    }

    // Norms the latent, rotates the shared key and the queries' rotary parts, stores the cached row, and lays out the queries of the absorbed form.
    private struct StoreWork : IWork
    {
        public MlaAttention Layer;
        public ForwardState State;
        public KvLayerLayout Layout;

        public readonly void Execute(int start, int end, int worker)
        {
            var scratch = Layer._scratch;
            var options = scratch.Options;
            for (var row = start; row < end; row++)
            {
                var latent = scratch.Latents.Span((long)row * options.CachedWidth, options.CachedWidth);
                Layer._weights.LatentNorm.Apply(latent[..options.LatentWidth], latent[..options.LatentWidth]);
                State.Rope?.Rotate(latent[options.LatentWidth..], State.RopeRow(row));
                var position = State.Batch.Positions[row];
                var page = State.Batch.Spans[State.Batch.SpanOfRow[row]].Pages[position / PagedAttention.PageTokens];
                KvRow.Encode(Layout.Type, latent, page.Span(Layout.KeyOffset(position % PagedAttention.PageTokens, 0), Layout.KeyRowBytes));
                var isExpanded = Layer.IsExpanded(State, State.Batch.SpanOfRow[row]);
                for (var h = 0; h < options.Heads; h++)
                {
                    var item = ((long)row * options.Heads) + h;
                    var query = scratch.Queries.Span(item * options.HeadWidth, options.HeadWidth);
                    State.Rope?.Rotate(query[options.NopeWidth..], State.RopeRow(row));
                    if (isExpanded)
                    {
                        continue;
                    }

                    query[..options.NopeWidth].CopyTo(scratch.Nope.Values.Span(item * options.NopeWidth, options.NopeWidth));
                    query[options.NopeWidth..].CopyTo(
                        scratch.AbsorbedQueries.Span((item * options.CachedWidth) + options.LatentWidth, options.RopeWidth));
                }
            }
        }
    }

    private struct ReadWork : IWork
    {
        public MlaScratch Scratch;
        public KvLayerLayout Layout;
        public AttentionSpan Span;
        public int First;

        public readonly void Execute(int start, int end, int worker)
        {
            var options = Scratch.Options;
            Span<float> cached = stackalloc float[options.CachedWidth];
            for (var i = start; i < end; i++)
            {
                var position = First + i;
                var page = Span.Pages[position / PagedAttention.PageTokens];
                KvRow.Decode(Layout.Type, page.Span(Layout.KeyOffset(position % PagedAttention.PageTokens, 0), Layout.KeyRowBytes), cached);
                cached[..options.LatentWidth].CopyTo(Scratch.BlockLatents!.Row(i));
                cached[options.LatentWidth..].CopyTo(Scratch.BlockRotary!.Span((long)i * options.RopeWidth, options.RopeWidth));
            }
        }
    }
}
