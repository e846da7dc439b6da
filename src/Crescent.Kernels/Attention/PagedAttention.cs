using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Attention;

/// <summary>
/// Causal softmax attention over paged keys and values, with the running maximum and sum of flash attention (Dao et al. 2022). Keys are taken in
/// tiles of <see cref="PageTokens"/> aligned by absolute position, so a query's sums have one order, whatever the batch, chunk or threads. Tiles
/// before a query's window are not read.
/// </summary>
public sealed unsafe class PagedAttention : IDisposable
{
    /// <summary>Positions of a cache page, and of a tile.</summary>
    public const int PageTokens = 32;

    // Queries that share one decoded tile: enough to hide its decoding, few enough that their sums stay in the second-level cache.
    private const int QueriesAnItem = 32;

    private readonly AttentionShape _shape;
    private readonly int _keyStride;
    private readonly int _valueStride;
    private readonly AlignedBuffer<float> _scratch; // a thread: keys [PageTokens, keyStride], values [PageTokens, valueStride], query [keyStride], scores [PageTokens]
    private readonly long _scratchLength;
    private readonly AlignedBuffer<float> _stats; // [rows, heads, 2]: running maximum, running sum

    /// <param name="capacityRows">Most tokens of a batch.</param>
    /// <param name="threads">Threads of the pool that will be used.</param>
    public PagedAttention(AttentionShape shape, int capacityRows, int threads)
    {
        _shape = shape;
        _keyStride = RoundUp(shape.KeyWidth);
        _valueStride = shape.ValueIsKeyPrefix ? _keyStride : RoundUp(shape.ValueWidth);
        _scratchLength = ((long)PageTokens * (_keyStride + _valueStride)) + _keyStride + PageTokens + 64;
        _scratch = new AlignedBuffer<float>(_scratchLength * threads);
        _stats = new AlignedBuffer<float>((long)capacityRows * shape.Heads * 2);
    }

    /// <summary>Attention of every token of the batch over its sequence's pages.</summary>
    /// <param name="queries">[rows, heads, keyWidth]</param>
    /// <param name="output">[rows, heads, valueWidth]</param>
    /// <param name="modifiers">What the layer adds; null for nothing.</param>
    /// <exception cref="ArgumentException">The modifiers have another number of heads.</exception>
    public void Run(
        ComputePool pool,
        ReadOnlySpan<AttentionSpan> spans,
        KvLayerLayout layout,
        AlignedBuffer<float> queries,
        AlignedBuffer<float> output,
        AttentionModifiers? modifiers = null)
    {
        modifiers ??= AttentionModifiers.None;
        RequireHeads(modifiers.Sinks, nameof(modifiers.Sinks));
        RequireHeads(modifiers.Slopes, nameof(modifiers.Slopes));
        var tiles = new PagedTiles(spans, layout);
        Run(pool, spans, tiles, modifiers, queries, output, 0, int.MaxValue, initialise: true, finish: true);
    }

    /// <summary>
    /// One block of positions of attention over expanded MLA keys and values (one kv head a query head). Called for ascending blocks;
    /// <paramref name="initialise"/> with the first and <paramref name="finish"/> with the last.
    /// </summary>
    /// <param name="firstPosition">First position of the block, a multiple of <see cref="PageTokens"/>.</param>
    /// <param name="positions">Positions of the block.</param>
    /// <param name="keys">[positions, heads, nope]</param>
    /// <param name="rotary">[positions, rope]</param>
    /// <param name="values">[positions, heads, valueWidth]</param>
    /// <param name="rope">Width of the rotary part; the rest of the key width is nope.</param>
    public void RunExpanded(
        ComputePool pool,
        AttentionSpan span,
        int firstPosition,
        int positions,
        AlignedBuffer<float> keys,
        AlignedBuffer<float> rotary,
        AlignedBuffer<float> values,
        int rope,
        AlignedBuffer<float> queries,
        AlignedBuffer<float> output,
        bool initialise,
        bool finish)
    {
        var tiles = new ExpandedTiles(firstPosition, keys.Address, rotary.Address, values.Address, _shape.Heads, _shape.KeyWidth - rope, rope, _shape.ValueWidth);
        Run(pool, new ReadOnlySpan<AttentionSpan>(in span), tiles, AttentionModifiers.None, queries, output, firstPosition, firstPosition + positions, initialise, finish);
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _stats.Dispose();
    }

    private static int RoundUp(int width) => (width + 7) / 8 * 8;

    private void RequireHeads(float[]? values, string name)
    {
        if (values is not null && values.Length != _shape.Heads)
        {
            throw new ArgumentException($"{name}: expected one value for each of {_shape.Heads} heads, found {values.Length}", name);
        }
    }

    private void Run<TTiles>(
        ComputePool pool,
        ReadOnlySpan<AttentionSpan> spans,
        TTiles tiles,
        AttentionModifiers modifiers,
        AlignedBuffer<float> queries,
        AlignedBuffer<float> output,
        int firstPosition,
        int endPosition,
        bool initialise,
        bool finish)
        where TTiles : struct, IKeyValueTiles, allows ref struct
    {
        // An item is a block of tokens of one sequence × a block of the heads of one kv head.
        var headBlock = Math.Min(_shape.GroupSize, 8);
        var tokenBlock = Math.Max(1, QueriesAnItem / headBlock);
        var headBlocks = _shape.KvHeads * ((_shape.GroupSize + headBlock - 1) / headBlock);
        var tokenBlocks = 0;
        foreach (ref readonly var span in spans)
        {
            tokenBlocks += (span.Count + tokenBlock - 1) / tokenBlock;
        }

        var work = new Work<TTiles>
        {
            Owner = this,
            Spans = spans,
            Tiles = tiles,
            Modifiers = modifiers,
            Queries = queries.Address,
            Output = output.Address,
            FirstPosition = firstPosition,
            EndPosition = endPosition,
            Initialise = initialise,
            Finish = finish,
            HeadBlock = headBlock,
            HeadBlocks = headBlocks,
            TokenBlock = tokenBlock,
        };
        pool.Run(ref work, tokenBlocks * headBlocks, 1);
    }

    private ref struct Work<TTiles> : IWork
        where TTiles : struct, IKeyValueTiles, allows ref struct
    {
        public PagedAttention Owner;
        public ReadOnlySpan<AttentionSpan> Spans;
        public TTiles Tiles;
        public AttentionModifiers Modifiers;
        public float* Queries;
        public float* Output;
        public int FirstPosition;
        public int EndPosition;
        public bool Initialise;
        public bool Finish;
        public int HeadBlock;
        public int HeadBlocks;
        public int TokenBlock;

        public void Execute(int start, int end, int worker)
        {
            for (var item = start; item < end; item++)
            {
                var tokenItem = item / HeadBlocks;
                var sequence = 0;
                while (true)
                {
                    var blocks = (Spans[sequence].Count + TokenBlock - 1) / TokenBlock;
                    if (tokenItem < blocks)
                    {
                        break;
                    }

                    tokenItem -= blocks;
                    sequence++;
                }

                Attend(sequence, tokenItem * TokenBlock, item % HeadBlocks, worker);
            }
        }

        private void Attend(int sequence, int firstToken, int headItem, int worker)
        {
            ref readonly var span = ref Spans[sequence];
            var shape = Owner._shape;
            var blocksAGroup = HeadBlocks / shape.KvHeads;
            var kvHead = headItem / blocksAGroup;
            var firstHead = (kvHead * shape.GroupSize) + (headItem % blocksAGroup * HeadBlock);
            var endHead = Math.Min(firstHead + HeadBlock, (kvHead + 1) * shape.GroupSize);
            var endToken = Math.Min(firstToken + TokenBlock, span.Count);
            var keyStride = Owner._keyStride;
            var valueStride = Owner._valueStride;
            var keys = Owner._scratch.Address + (Owner._scratchLength * worker);
            var values = shape.ValueIsKeyPrefix ? keys : keys + (PageTokens * keyStride);
            var query = keys + (PageTokens * (keyStride + valueStride));
            var scores = query + keyStride;
            new Span<float>(keys, PageTokens * (keyStride + valueStride)).Clear();

            var lastVisible = Math.Min(span.FirstPosition + endToken, EndPosition); // exclusive
            for (var tile = Math.Max(FirstPosition, FirstTile(span.FirstPosition + firstToken)); tile < lastVisible; tile += PageTokens)
            {
                var loaded = Math.Min(PageTokens, lastVisible - tile);
                Tiles.Load(sequence, kvHead, tile, loaded, keys, keyStride, shape.ValueIsKeyPrefix ? null : values, valueStride);
                for (var token = firstToken; token < endToken; token++)
                {
                    var position = span.FirstPosition + token;
                    var view = new TileView(Modifiers, position, tile, loaded);
                    if (view.End <= view.Start)
                    {
                        continue;
                    }

                    var isFirst = Initialise && tile == Math.Max(FirstPosition, FirstTile(position));
                    for (var head = firstHead; head < endHead; head++)
                    {
                        var row = ((long)(span.FirstRow + token) * shape.Heads) + head;
                        new ReadOnlySpan<float>(Queries + (row * shape.KeyWidth), shape.KeyWidth).CopyTo(new Span<float>(query, keyStride));
                        new Span<float>(query + shape.KeyWidth, keyStride - shape.KeyWidth).Clear();
                        view.Slope = Modifiers.Slopes is { } slopes ? slopes[head] : 0;
                        AttentionTile.Accumulate(
                            shape, query, keys, keyStride, values, valueStride, in view, scores,
                            Owner._stats.Address + (row * 2), Output + (row * shape.ValueWidth), isFirst);
                    }
                }
            }

            if (Finish)
            {
                for (var token = firstToken; token < endToken; token++)
                {
                    for (var head = firstHead; head < endHead; head++)
                    {
                        var row = ((long)(span.FirstRow + token) * shape.Heads) + head;
                        var output = Output + (row * shape.ValueWidth);
                        var stats = Owner._stats.Address + (row * 2);
                        if (Modifiers.Sinks is { } sinks)
                        {
                            AttentionTile.FinishWithSink(output, shape.ValueWidth, stats, sinks[head]);
                        }
                        else
                        {
                            AttentionTile.Finish(output, shape.ValueWidth, stats[1]);
                        }
                    }
                }
            }
        }

        // The tile of the first position that a query sees.
        private readonly int FirstTile(int position) => Modifiers.FirstVisible(position) / PageTokens * PageTokens;
    }
}
