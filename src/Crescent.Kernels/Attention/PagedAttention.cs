using System.Runtime.Intrinsics;
using Crescent.Kernels.Emitted.Attention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Attention;

/// <summary>
/// Causal softmax attention over paged keys and values, with the running maximum and sum of flash attention (Dao et al. 2022). Keys are taken in
/// tiles of <see cref="TilePositions"/>, tiles in segments (<see cref="PositionSegments"/>), both fixed by absolute position, so a query's sums have one
/// order, whatever the batch, chunk or threads. Tiles before a query's window are not read.
/// </summary>
public sealed unsafe class PagedAttention : IDisposable
{
    /// <summary>Positions of a cache page.</summary>
    public const int PageTokens = 32;

    /// <summary>Positions of a tile.</summary>
    internal const int TilePositions = 2 * PageTokens;

    // Queries whose segments a thread adds up at a time.
    private const int CombinedTogether = 4;

    private readonly AttentionShape _shape;
    private readonly IsaLevel _isa;
    private readonly AttentionScratch _scratch;
    private readonly AlignedBuffer<float> _stats; // [rows, heads, 2]: running maximum and sum
    private AlignedBuffer<float> _partials = new(0); // [rows, heads, segments, PartialFloats]

    /// <param name="capacityRows">Most tokens of a batch.</param>
    /// <param name="threads">Threads of the pool that will be used.</param>
    public PagedAttention(AttentionShape shape, int capacityRows, int threads, IsaLevel isa)
    {
        _shape = shape;
        _isa = isa;
        _scratch = new AttentionScratch(shape, threads);
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
        Run(pool, spans, tiles, layout.Type, modifiers, queries, output, 0, int.MaxValue, isSegmented: true, initialise: true, finish: true);
    }

    /// <summary>
    /// One block of positions of attention over expanded MLA keys and values (one kv head a query head). Called for ascending blocks;
    /// <paramref name="initialise"/> with the first and <paramref name="finish"/> with the last.
    /// </summary>
    /// <param name="firstPosition">First position of the block, a multiple of <see cref="TilePositions"/>.</param>
    /// <param name="positions">Positions of the block.</param>
    /// <param name="capacity">Positions that the buffers hold.</param>
    /// <param name="keys">[heads, capacity, nope]</param>
    /// <param name="rotary">[capacity, rope]</param>
    /// <param name="values">[heads, capacity, valueWidth]</param>
    /// <param name="rope">Width of the rotary part; the rest of the key width is nope.</param>
    public void RunExpanded(
        ComputePool pool,
        AttentionSpan span,
        int firstPosition,
        int positions,
        int capacity,
        AlignedBuffer<float> keys,
        AlignedBuffer<float> rotary,
        AlignedBuffer<float> values,
        int rope,
        AlignedBuffer<float> queries,
        AlignedBuffer<float> output,
        bool initialise,
        bool finish)
    {
        var tiles = new ExpandedTiles(firstPosition, capacity, keys.Address, rotary.Address, values.Address, _shape.KeyWidth - rope, rope, _shape.ValueWidth);
        Run(
            pool, new ReadOnlySpan<AttentionSpan>(in span), tiles, null, AttentionModifiers.None, queries, output, firstPosition, firstPosition + positions,
            isSegmented: false, initialise, finish);
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _stats.Dispose();
        _partials.Dispose();
    }

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
        KvType? type,
        AttentionModifiers modifiers,
        AlignedBuffer<float> queries,
        AlignedBuffer<float> output,
        int firstPosition,
        int endPosition,
        bool isSegmented,
        bool initialise,
        bool finish)
        where TTiles : struct, IKeyValueTiles, allows ref struct
    {
        switch (_isa)
        {
            case IsaLevel.Avx512 or IsaLevel.Avx512Vnni:
                Run<TTiles, Lanes512, Vector512<float>>(pool, spans, tiles, type, modifiers, queries, output, firstPosition, endPosition, isSegmented, initialise, finish);
                break;
            case IsaLevel.Avx2:
                Run<TTiles, Lanes256, Vector256<float>>(pool, spans, tiles, type, modifiers, queries, output, firstPosition, endPosition, isSegmented, initialise, finish);
                break;
            default:
                Run<TTiles, Lanes128, Vector128<float>>(pool, spans, tiles, type, modifiers, queries, output, firstPosition, endPosition, isSegmented, initialise, finish);
                break;
        }
    }

    private void Run<TTiles, TLanes, TVector>(
        ComputePool pool,
        ReadOnlySpan<AttentionSpan> spans,
        TTiles tiles,
        KvType? type,
        AttentionModifiers modifiers,
        AlignedBuffer<float> queries,
        AlignedBuffer<float> output,
        int firstPosition,
        int endPosition,
        bool isSegmented,
        bool initialise,
        bool finish)
        where TTiles : struct, IKeyValueTiles, allows ref struct
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var partialFloats = AttentionWork<TTiles, TLanes, TVector>.PartialFloats(_scratch);
        var plan = AttentionPlan.Make(_shape, spans, modifiers, pool.Threads, isSegmented, partialFloats);
        ReservePartials(spans, plan, partialFloats);
        var stored = type is { } rows ? Emitted(rows, modifiers) : null;
        var work = new AttentionWork<TTiles, TLanes, TVector>
        {
            Shape = _shape,
            Scratch = _scratch,
            Modifiers = modifiers,
            Plan = plan,
            Spans = spans,
            Rows = new RowSums<TTiles, TLanes, TVector>(_shape, _scratch, modifiers, tiles),
            Columns = new ColumnSums<TTiles>(_shape, _scratch, modifiers, tiles, Emitted(KvType.F32, modifiers), stored),
            Stored = new StoredSums<TTiles>(_shape, _scratch, modifiers, tiles, stored),
            Queries = queries.Address,
            Output = output.Address,
            Stats = _stats.Address,
            Partials = _partials.Address,
            FirstPosition = firstPosition,
            EndPosition = endPosition,
            IsSegmented = isSegmented,
            Initialise = initialise,
            Finish = finish,
        };
        pool.Run(ref work, plan.Items, plan.Grain(pool.Threads));
        if (plan.Segments > 0)
        {
            var combine = new CombineWork<TTiles, TLanes, TVector> { Work = work };
            pool.Run(ref combine, plan.TokenBlocks * plan.HeadBlocks * plan.PlacesAnItem, CombinedTogether);
        }
    }

    // The emitted loops for rows of a type, where they serve the shape and all that is added to it.
    private AttentionKernels? Emitted(KvType type, AttentionModifiers modifiers) =>
        _isa == IsaLevel.Avx512Vnni && _shape.KeyWidth % ScoreTile.ChainLength == 0 && _shape.ValueWidth % ValueTile.BlockValues == 0
        && _shape.SoftCap == 0 && modifiers.Slopes is null && modifiers.TemperatureLength == 0
            ? AttentionKernels.Find(type)
            : null;

    private void ReservePartials(ReadOnlySpan<AttentionSpan> spans, in AttentionPlan plan, int partialFloats)
    {
        if (plan.Segments == 0)
        {
            return;
        }

        var last = spans[^1];
        var floats = (long)(last.FirstRow + last.Count) * _shape.Heads * plan.Segments * partialFloats;
        if (_partials.Length < floats)
        {
            _partials.Dispose();
            _partials = new AlignedBuffer<float>(Math.Max(floats, 2 * _partials.Length));
        }
    }

    private ref struct CombineWork<TTiles, TLanes, TVector> : IWork
        where TTiles : struct, IKeyValueTiles, allows ref struct
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        public AttentionWork<TTiles, TLanes, TVector> Work;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var item = start; item < end; item++)
            {
                Work.Combine(item);
            }
        }
    }
}
