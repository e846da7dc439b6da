using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Attention;

/// <summary>Scratch memory of attention, a part for each thread of the pool.</summary>
internal sealed unsafe class AttentionScratch : IDisposable
{
    private const int DecodedFloats = ScoreTile.PanelKeys * ScoreTile.ChainLength;

    private readonly AlignedBuffer<float> _memory;
    private readonly AttentionShape _shape;
    private readonly long _length; // floats a thread

    public AttentionScratch(AttentionShape shape, int threads)
    {
        _shape = shape;
        KeyStride = RoundUp(shape.KeyWidth, ScoreTile.PanelKeys);
        SumStride = RoundUp(shape.ValueWidth, ValueTile.BlockValues);
        var tile = PagedAttention.TilePositions * ((2L * KeyStride) + (shape.ValueIsKeyPrefix ? 0 : SumStride));
        var queries = AttentionPlan.Queries * ((2L * SumStride) + 4);
        var group = (SoftmaxColumns.Queries * ((long)PagedAttention.TilePositions + 1)) + DecodedFloats;
        var columns = (long)AttentionPlan.Queries * KeyStride;
        _length = tile + queries + group + columns + (AttentionPlan.Queries * 2);
        _memory = new AlignedBuffer<float>(_length * threads);
    }

    /// <summary>Floats from a row of <see cref="Part.Keys"/> to the next.</summary>
    public int KeyStride { get; }

    /// <summary>Floats from a value, and from a query's sums, to the next.</summary>
    public int SumStride { get; }

    /// <summary>The memory of one thread.</summary>
    public Part Of(int worker)
    {
        var next = _memory.Address + (_length * worker);
        return new Part
        {
            Keys = Take(ref next, (long)PagedAttention.TilePositions * KeyStride),
            Panels = Take(ref next, (long)PagedAttention.TilePositions * KeyStride),
            Values = _shape.ValueIsKeyPrefix ? null : Take(ref next, (long)PagedAttention.TilePositions * SumStride),
            Sums = Take(ref next, (long)AttentionPlan.Queries * SumStride),
            Totals = Take(ref next, (long)AttentionPlan.Queries * SumStride),
            Scores = Take(ref next, SoftmaxColumns.Queries * PagedAttention.TilePositions),
            Carry = Take(ref next, SoftmaxColumns.Queries),
            Decoded = Take(ref next, DecodedFloats),
            QueryColumns = Take(ref next, (long)AttentionPlan.Queries * KeyStride),
            Stats = Take(ref next, 2 * AttentionPlan.Queries),
            TotalStats = Take(ref next, 2 * AttentionPlan.Queries),
            Queries = (float**)next,
        };
    }

    public void Dispose() => _memory.Dispose();

    private static int RoundUp(int width, int multiple) => (width + multiple - 1) / multiple * multiple;

    private static float* Take(ref float* next, long floats)
    {
        var taken = next;
        next += floats;
        return taken;
    }

    /// <summary>One thread's scratch.</summary>
    public readonly ref struct Part
    {
        /// <summary>[TilePositions, KeyStride]</summary>
        public float* Keys { get; init; }

        /// <summary>[TilePositions / PanelKeys, KeyStride, PanelKeys]</summary>
        public float* Panels { get; init; }

        /// <summary>[TilePositions, SumStride]; null where the value is the beginning of the key</summary>
        public float* Values { get; init; }

        /// <summary>[queries, SumStride]: weighted sums of the current segment</summary>
        public float* Sums { get; init; }

        /// <summary>[queries, SumStride]: weighted sums of the segments before</summary>
        public float* Totals { get; init; }

        /// <summary>[8, TilePositions], or [TilePositions, 16] by columns</summary>
        public float* Scores { get; init; }

        /// <summary>[ScoreArguments.BlockKeys, ScoreTile.ChainLength] or [ScoreTile.ChainLength, ScoreTile.PanelKeys]: keys that are being met</summary>
        public float* Decoded { get; init; }

        /// <summary>[queries / 16, KeyStride, 16]: queries in columns</summary>
        public float* QueryColumns { get; init; }

        /// <summary>[16]: factors on the sums so far</summary>
        public float* Carry { get; init; }

        /// <summary>[queries, 2]: running maximum and sum of the current segment</summary>
        public float* Stats { get; init; }

        /// <summary>[queries, 2]: the same of the segments before</summary>
        public float* TotalStats { get; init; }

        /// <summary>[queries]: pointers to queries [keyWidth]</summary>
        public float** Queries { get; init; }
    }
}
