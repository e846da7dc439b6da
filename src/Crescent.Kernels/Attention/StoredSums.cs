using System.Runtime.Intrinsics;
using Crescent.Kernels.Emitted.Attention;

namespace Crescent.Kernels.Attention;

/// <summary>
/// Scores, weights and sums of a tile for the few heads of one token by emitted code, from rows as the cache stores them. The bits are those of
/// <see cref="RowSums{TTiles, TLanes, TVector}"/>.
/// </summary>
/// <param name="kernels">Loops over rows as the cache stores them; null where there are none.</param>
internal readonly unsafe ref struct StoredSums<TTiles>(
    AttentionShape shape, AttentionScratch layout, AttentionModifiers modifiers, TTiles tiles, AttentionKernels? kernels)
    where TTiles : struct, IKeyValueTiles, allows ref struct
{
    private readonly TTiles _tiles = tiles;

    /// <summary>Whether an item's queries are taken from stored rows: heads of one token, which see the same keys.</summary>
    public bool Takes(in AttentionItem item) => kernels is not null && item.Queries <= kernels.MostRowQueries && item.EndToken - item.FirstToken == 1;

    /// <summary>Adds one tile to the sums of an item's queries.</summary>
    /// <param name="tile">Position of its first key.</param>
    /// <param name="loaded">Its keys.</param>
    public void Sum(in AttentionItem item, AttentionScratch.Part scratch, int tile, int loaded)
    {
        var view = new TileView(modifiers, item.Position(item.FirstToken), tile, loaded);
        if (view.Start >= view.End)
        {
            return;
        }

        var firstKey = view.Start / ScoreTile.PanelKeys * ScoreTile.PanelKeys;
        var lastKey = (view.End + ScoreTile.PanelKeys - 1) / ScoreTile.PanelKeys * ScoreTile.PanelKeys;
        Score(item, scratch, tile, firstKey, lastKey);
        for (var i = 0; i < item.Queries; i++)
        {
            scratch.Carry[i] = SoftmaxTile.Run<Lanes512, Vector512<float>>(
                scratch.Scores + (i * PagedAttention.TilePositions), firstKey, lastKey, in view, softCap: 0, scratch.Stats + (2 * i));
        }

        var arguments = StoredRuns.Find(_tiles, item, tile, view.Start, view.End, isAhead: !shape.ValueIsKeyPrefix);
        arguments.RowEnd = shape.ValueWidth * kernels!.ValueBytes;
        arguments.Weights = scratch.Scores + view.Start;
        arguments.Carry = scratch.Carry;
        arguments.Sums = scratch.Sums;
        arguments.SumStride = layout.SumStride * sizeof(float);
        kernels.AccumulateRows(item.Queries, &arguments);
    }

    private void Score(in AttentionItem item, AttentionScratch.Part scratch, int tile, int firstKey, int lastKey)
    {
        var arguments = new RowScoreArguments
        {
            RowEnd = shape.KeyWidth * kernels!.ValueBytes,
            Queries = scratch.Queries[0],
            QueryStride = shape.KeyWidth * sizeof(float),
            Decoded = scratch.Decoded,
            Scores = scratch.Scores + firstKey,
            Scale = shape.Scale,
        };
        for (var key = firstKey; key < lastKey; key += ScoreTile.PanelKeys)
        {
            _ = _tiles.TryFind(item.Sequence, item.KvHead, tile + key, out var rows);
            var isNext = _tiles.TryFind(item.Sequence, item.KvHead, tile + key + PagedAttention.TilePositions, out var next);
            arguments.Rows[arguments.Panels] = (long)rows.Keys;
            arguments.NextRows[arguments.Panels] = (long)(isNext ? next.Keys : rows.Keys);
            arguments.RowStride = rows.KeyStride;
            arguments.Panels++;
        }

        kernels.ScoreRows(item.Queries, &arguments);
    }
}
