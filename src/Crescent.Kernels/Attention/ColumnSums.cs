using System.Runtime.Intrinsics;
using Crescent.Kernels.Emitted.Attention;

namespace Crescent.Kernels.Attention;

/// <summary>
/// Scores, weights and sums of a tile by emitted code: 16 queries at a time, a lane a query, so that keys are read as they lie. The bits are those of
/// <see cref="RowSums{TTiles, TLanes, TVector}"/>.
/// </summary>
/// <param name="floats">Loops over rows of float32 in scratch; null where there are none.</param>
/// <param name="stored">Loops over rows as the cache stores them; null where there are none.</param>
internal readonly unsafe ref struct ColumnSums<TTiles>(
    AttentionShape shape, AttentionScratch layout, AttentionModifiers modifiers, TTiles tiles, AttentionKernels? floats, AttentionKernels? stored)
    where TTiles : struct, IKeyValueTiles, allows ref struct
{
    private const int Queries = SoftmaxColumns.Queries;

    // Up to as many queries rows are as fast.
    private const int MostRowQueries = 8;

    private readonly TTiles _tiles = tiles;

    /// <summary>Queries of an item with those that fill the last group.</summary>
    public static int Padded(int queries) => (queries + Queries - 1) / Queries * Queries;

    /// <summary>Whether an item's queries are taken by columns.</summary>
    public bool Takes(in AttentionItem item) => floats is not null && item.Queries > MostRowQueries;

    /// <summary>Lays an item's queries out in columns; lanes without a query hold zeros.</summary>
    public void Begin(in AttentionItem item, AttentionScratch.Part scratch)
    {
        for (var first = 0; first < item.Queries; first += Queries)
        {
            for (var i = 0; i < Queries; i++)
            {
                var row = new Span<float>(scratch.Keys + (i * layout.KeyStride), shape.KeyWidth);
                if (first + i < item.Queries)
                {
                    new ReadOnlySpan<float>(scratch.Queries[first + i], shape.KeyWidth).CopyTo(row);
                }
                else
                {
                    row.Clear();
                }
            }

            for (var i = 0; i < shape.KeyWidth; i += Queries)
            {
                Lanes512.Transpose(scratch.Keys + i, layout.KeyStride, Columns(scratch, first) + (i * Queries), Queries);
            }
        }
    }

    /// <summary>Adds one tile to the sums of an item's queries.</summary>
    /// <param name="tile">Position of its first key.</param>
    /// <param name="loaded">Its keys.</param>
    public void Sum(in AttentionItem item, AttentionScratch.Part scratch, int tile, int loaded)
    {
        // Where tokens see different keys, values must be looked at before they meet weights of 0: in scratch.
        if (stored is not null && item.EndToken - item.FirstToken == 1 && _tiles.TryFind(item.Sequence, item.KvHead, tile, out var rows))
        {
            SumStored(item, scratch, rows, tile, loaded);
            return;
        }

        var group = new TileGroup { Tile = tile, Loaded = loaded, PrefetchLines = (_tiles.LinesATile / PrefetchTurns(item.Queries)) + 1 };
        Load(item, scratch, ref group);
        for (var query = 0; query < item.Queries; query += Queries)
        {
            Prefetch(item, ref group);
            group.FirstQuery = query;
            SumLoaded(item, scratch, ref group);
        }
    }

    private static int PrefetchTurns(int queries) => (PagedAttention.TilePositions / ScoreTile.StripKeys) + (Padded(queries) / Queries * 2);

    private void Load(in AttentionItem item, AttentionScratch.Part scratch, ref TileGroup group)
    {
        for (var strip = 0; strip < group.Loaded; strip += ScoreTile.StripKeys)
        {
            var stride = layout.SumStride;
            var values = _tiles.Load(
                item.Sequence, item.KvHead, group.Tile + strip, Math.Min(ScoreTile.StripKeys, group.Loaded - strip),
                scratch.Keys + ((long)strip * layout.KeyStride), layout.KeyStride,
                scratch.Values == null ? null : scratch.Values + ((long)strip * stride), ref stride);
            if (strip == 0)
            {
                group.Values = values;
                group.ValueStride = stride;
            }

            Prefetch(item, ref group);
        }
    }

    private void Prefetch(in AttentionItem item, ref TileGroup group)
    {
        if (group.PrefetchedLines < _tiles.LinesATile)
        {
            _tiles.Prefetch(item.Sequence, item.KvHead, group.Tile + PagedAttention.TilePositions, group.PrefetchedLines, group.PrefetchLines);
            group.PrefetchedLines += group.PrefetchLines;
        }
    }

    private void SumLoaded(in AttentionItem item, AttentionScratch.Part scratch, ref TileGroup group)
    {
        var views = new ColumnViews(modifiers, item, group);
        if (views.Start >= views.End)
        {
            return;
        }

        var arguments = new ScoreArguments { RowStride = layout.KeyStride * sizeof(float), RowEnd = shape.KeyWidth * sizeof(float) };
        for (var block = views.FirstKey; block < views.LastKey; block += ScoreArguments.BlockKeys)
        {
            arguments.Rows[arguments.Blocks] = (long)(scratch.Keys + ((long)block * layout.KeyStride));
            arguments.NextRows[arguments.Blocks] = arguments.Rows[arguments.Blocks];
            arguments.Blocks++;
        }

        Weigh(floats!, ref arguments, ref views, scratch, group.FirstQuery);
        Prefetch(item, ref group);
        if (!IsFinite(group, views.Start, views.CommonStart) || !IsFinite(group, views.CommonEnd, views.End))
        {
            SumApart(item, scratch, group, ref views);
            return;
        }

        var sum = new ValueArguments { RowStride = group.ValueStride * sizeof(float), RowEnd = shape.ValueWidth * sizeof(float) };
        sum.Rows[0] = (long)(group.Values + ((long)views.Start * group.ValueStride));
        sum.Counts[0] = views.End - views.Start;
        Accumulate(floats!, ref sum, ref views, scratch, group.FirstQuery);
    }

    private void SumStored(in AttentionItem item, AttentionScratch.Part scratch, TileRows rows, int tile, int loaded)
    {
        for (var query = 0; query < item.Queries; query += Queries)
        {
            var group = new TileGroup { Tile = tile, Loaded = loaded, FirstQuery = query };
            var views = new ColumnViews(modifiers, item, group);
            var arguments = new ScoreArguments { RowStride = rows.KeyStride, RowEnd = shape.KeyWidth * stored!.ValueBytes };
            for (var block = views.FirstKey; block < views.LastKey; block += ScoreArguments.BlockKeys)
            {
                _ = _tiles.TryFind(item.Sequence, item.KvHead, tile + block, out var keys);
                var isNext = _tiles.TryFind(item.Sequence, item.KvHead, tile + block + PagedAttention.TilePositions, out var next) && query == 0;
                arguments.Rows[arguments.Blocks] = (long)keys.Keys;
                arguments.NextRows[arguments.Blocks] = (long)(isNext ? next.Keys : keys.Keys);
                arguments.Blocks++;
            }

            Weigh(stored, ref arguments, ref views, scratch, query);
            var sum = StoredRuns.Find(_tiles, item, tile, views.Start, views.End, isAhead: !shape.ValueIsKeyPrefix && query == 0);
            sum.RowEnd = shape.ValueWidth * stored.ValueBytes;
            Accumulate(stored, ref sum, ref views, scratch, query);
        }
    }

    private void Weigh(AttentionKernels kernels, ref ScoreArguments arguments, ref ColumnViews views, AttentionScratch.Part scratch, int query)
    {
        arguments.Queries = Columns(scratch, query);
        arguments.Decoded = scratch.Decoded;
        arguments.Scores = scratch.Scores + (views.FirstKey * Queries);
        arguments.Scale = shape.Scale;
        fixed (ScoreArguments* pointer = &arguments)
        {
            kernels.Score(pointer);
        }

        fixed (ColumnViews* view = &views)
        {
            SoftmaxColumns.Run(scratch.Scores, views.FirstKey, views.LastKey, view->Starts, view->Ends, scratch.Stats + (2 * query), scratch.Carry);
        }
    }

    private void Accumulate(AttentionKernels kernels, ref ValueArguments arguments, ref ColumnViews views, AttentionScratch.Part scratch, int query)
    {
        arguments.Weights = scratch.Scores + (views.Start * Queries);
        arguments.Carry = scratch.Carry;
        arguments.Sums = scratch.Sums + ((long)query * layout.SumStride);
        arguments.SumStride = layout.SumStride * sizeof(float);
        fixed (ValueArguments* pointer = &arguments)
        {
            kernels.Accumulate(pointer);
        }
    }

    // 0·∞ is NaN: values that not all of the group see must not meet the weights 0 of the others.
    private void SumApart(in AttentionItem item, AttentionScratch.Part scratch, in TileGroup group, ref ColumnViews views)
    {
        var weights = stackalloc float[PagedAttention.TilePositions];
        for (var i = 0; i < Queries && group.FirstQuery + i < item.Queries; i++)
        {
            var (start, end) = (views.Starts[i], views.Ends[i]);
            for (var key = start; key < end; key++)
            {
                weights[key] = scratch.Scores[(key * Queries) + i];
            }

            if (start < end)
            {
                ValueTile.Accumulate<Lanes512, Vector512<float>, Width1>(
                    weights, group.Values, group.ValueStride, start, end, scratch.Carry + i,
                    scratch.Sums + ((long)(group.FirstQuery + i) * layout.SumStride), layout.SumStride);
            }
        }
    }

    private bool IsFinite(in TileGroup group, int start, int end) =>
        start >= end || ValueTile.AreFinite<Lanes512, Vector512<float>>(group.Values, group.ValueStride, layout.SumStride, start, end);

    private float* Columns(AttentionScratch.Part scratch, int query) => scratch.QueryColumns + ((long)query * layout.KeyStride);
}
