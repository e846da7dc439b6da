using Crescent.Kernels.Emitted.Attention;

namespace Crescent.Kernels.Attention;

/// <summary>Values of a tile as the cache stores them, for a value kernel.</summary>
internal static unsafe class StoredRuns
{
    /// <summary>The arguments for the values start..end of a tile, run by run, with the next tile's beside them.</summary>
    /// <param name="tile">Position of the tile's first key.</param>
    /// <param name="isAhead">Whether memory is to be asked for the next tile's values.</param>
    public static ValueArguments Find<TTiles>(in TTiles tiles, in AttentionItem item, int tile, int start, int end, bool isAhead)
        where TTiles : struct, IKeyValueTiles, allows ref struct
    {
        ValueArguments arguments = default;
        for (var (key, run) = (start, 0); key < end; run++)
        {
            _ = tiles.TryFind(item.Sequence, item.KvHead, tile + key, out var rows);
            if (isAhead && tiles.TryFind(item.Sequence, item.KvHead, tile + key + PagedAttention.TilePositions, out var next))
            {
                arguments.NextOffsets[run] = (long)next.Values - (long)rows.Values;
            }

            arguments.Rows[run] = (long)rows.Values;
            arguments.Counts[run] = Math.Min(end - key, PagedAttention.PageTokens - (key % PagedAttention.PageTokens));
            arguments.RowStride = rows.ValueStride;
            key += (int)arguments.Counts[run];
        }

        return arguments;
    }
}
