using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Training;

/// <summary>
/// Gradients of causal attention over packed documents. Probabilities are made again from the logarithms of their sums (Dao et al. 2022), block by block of queries.
/// </summary>
public static unsafe class AttentionBackward
{
    private const int BlockRows = AttentionForward.BlockRows;

    /// <summary>Writes the gradients of queries, keys and values from the output's.</summary>
    /// <param name="output">[tokens, heads, valueWidth], read</param>
    /// <param name="queries">[tokens, heads, keyWidth], written</param>
    /// <param name="keys">[tokens, heads, keyWidth], written</param>
    /// <param name="values">[tokens, heads, valueWidth], written</param>
    public static void Run(ComputePool pool, AttentionBatch batch, HeadRows output, HeadRows queries, HeadRows keys, HeadRows values)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(batch);
        batch.Check();
        (batch with { Output = output, Queries = queries, Keys = keys, Values = values }).Check();
        var sizes = new Sizes(batch);
        pool.Scratch.Reserve(sizes.Bytes, 0);
        var work = new Work { Pool = pool, Batch = batch, Sizes = sizes, OutputGradient = output, QueryGradient = queries, KeyGradient = keys, ValueGradient = values };
        pool.Run(ref work, batch.Segments.Length * batch.Heads, 1);
    }

    // Floats of a worker's scratch.
    private readonly struct Sizes(AttentionBatch batch)
    {
        public readonly long KeyLanes = GemmBlock.PackedLength(batch.Longest, GemmTile.Columns, batch.Keys.Width);
        public readonly long KeyDepth = GemmBlock.PackedLength(batch.Keys.Width, GemmTile.Columns, batch.Longest);
        public readonly long Values = GemmBlock.PackedLength(batch.Longest, GemmTile.Columns, batch.Values.Width);
        public readonly long Rows = GemmBlock.PackedLength(Math.Max(batch.Keys.Width, batch.Values.Width), GemmTile.Columns, BlockRows);
        public readonly long Scores = (long)BlockRows * batch.Longest;
        public readonly long Left = Math.Max(
            BlockRows * (long)Math.Max(Math.Max(batch.Longest, batch.Keys.Width), batch.Values.Width), GemmBlock.PackedLength(batch.Longest, GemmTile.Rows, BlockRows));

        public long Bytes => (KeyLanes + KeyDepth + Values + Rows + (2 * Scores) + Left) * sizeof(float);
    }

    private struct Work : IWork
    {
        public ComputePool Pool;
        public AttentionBatch Batch;
        public Sizes Sizes;
        public HeadRows OutputGradient;
        public HeadRows QueryGradient;
        public HeadRows KeyGradient;
        public HeadRows ValueGradient;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var item = start; item < end; item++)
            {
                Attend(Batch.Segments[item / Batch.Heads], item % Batch.Heads, new Scratch((float*)Pool.Scratch.Of(worker), Sizes));
            }
        }

        private readonly void Attend(AttentionSegment segment, int head, Scratch scratch)
        {
            var (length, keyWidth, valueWidth) = (segment.Length, Batch.Keys.Width, Batch.Values.Width);
            var keys = Batch.Keys.Head(segment.Start, head);
            GemmPacking.Pack(keys, length, keyWidth, GemmTile.Columns, scratch.KeyLanes);
            GemmPacking.Pack(keys.Transposed, keyWidth, length, GemmTile.Columns, scratch.KeyDepth);
            GemmPacking.Pack(Batch.Values.Head(segment.Start, head), length, valueWidth, GemmTile.Columns, scratch.Values);
            Clear(KeyGradient.Head(segment.Start, head), length, keyWidth);
            Clear(ValueGradient.Head(segment.Start, head), length, valueWidth);
            for (var row = 0; row < length; row += BlockRows)
            {
                AttendBlock(segment, head, row, Math.Min(BlockRows, length - row), scratch);
            }
        }

        private readonly void AttendBlock(AttentionSegment segment, int head, int row, int rows, Scratch scratch)
        {
            var (length, keyWidth, valueWidth, first) = (segment.Length, Batch.Keys.Width, Batch.Values.Width, segment.Start + row);
            var seen = row + rows;
            var (queries, output) = (Batch.Queries.Head(first, head), OutputGradient.Head(first, head));
            GemmPacking.Pack(queries, rows, keyWidth, GemmTile.Rows, scratch.Left);
            GemmBlock.Run(scratch.Left, scratch.KeyLanes, keyWidth * GemmTile.Columns, keyWidth, scratch.Scores, seen, rows, seen, Batch.Scale, accumulates: false);
            GemmPacking.Pack(output, rows, valueWidth, GemmTile.Rows, scratch.Left);
            GemmBlock.Run(scratch.Left, scratch.Values, valueWidth * GemmTile.Columns, valueWidth, scratch.Gradients, seen, rows, seen, 1, accumulates: false);
            for (var i = 0; i < rows; i++)
            {
                var delta = TrainingMath.Dot(
                    new ReadOnlySpan<float>(OutputGradient.Head(first + i, head).Address, valueWidth), new ReadOnlySpan<float>(Batch.Output.Head(first + i, head).Address, valueWidth));
                SoftmaxRow(scratch.Scores + (i * seen), scratch.Gradients + (i * seen), seen, row + i + 1, Batch.LogSums.Head(first + i, head).Address[0], delta);
            }

            // dV += Pᵀ dO
            var (scores, gradients) = (new FloatOperand(scratch.Scores, seen, 1), new FloatOperand(scratch.Gradients, seen, 1));
            Accumulate(scores, rows, seen, output, valueWidth, ValueGradient.Head(segment.Start, head), 1, scratch);
            // dK += dSᵀ Q
            Accumulate(gradients, rows, seen, queries, keyWidth, KeyGradient.Head(segment.Start, head), Batch.Scale, scratch);
            // dQ = dS K
            var target = QueryGradient.Head(first, head);
            GemmPacking.Pack(gradients, rows, seen, GemmTile.Rows, scratch.Left);
            GemmBlock.Run(
                scratch.Left, scratch.KeyDepth, length * GemmTile.Columns, seen, target.Address, target.RowStride, rows, keyWidth, Batch.Scale, accumulates: false);
        }

        // target [seen, width] += scale · weightsᵀ · rows
        private static void Accumulate(FloatOperand weights, int rows, int seen, FloatOperand right, int width, FloatOperand target, float scale, Scratch scratch)
        {
            GemmPacking.Pack(weights.Transposed, seen, rows, GemmTile.Rows, scratch.Left);
            GemmPacking.Pack(right.Transposed, width, rows, GemmTile.Columns, scratch.Rows);
            GemmBlock.Run(scratch.Left, scratch.Rows, rows * GemmTile.Columns, rows, target.Address, target.RowStride, seen, width, scale, accumulates: true);
        }

        // Logits become probabilities, the gradients of probabilities those of logits: dS = P ⊙ (dP − Σ dO·O).
        private static void SoftmaxRow(float* scores, float* gradients, int seen, int visible, float logSum, float delta)
        {
            var row = new Span<float>(scores, seen);
            var change = new Span<float>(gradients, seen);
            _ = Softmax.ExpInPlace(row[..visible], logSum);
            row[visible..].Clear();
            change[visible..].Clear();
            TrainingMath.MultiplyShifted(change[..visible], row[..visible], -delta);
        }

        private static void Clear(FloatOperand rows, int count, int width)
        {
            for (var i = 0; i < count; i++)
            {
                new Span<float>(rows.At(i, 0).Address, width).Clear();
            }
        }
    }

    private readonly struct Scratch(float* start, Sizes sizes)
    {
        public readonly float* KeyLanes = start; // [positions / 32, keyWidth, 32]
        public readonly float* KeyDepth = start + sizes.KeyLanes; // [keyWidth / 32, positions, 32]
        public readonly float* Values = start + sizes.KeyLanes + sizes.KeyDepth; // [positions / 32, valueWidth, 32]
        public readonly float* Rows = start + sizes.KeyLanes + sizes.KeyDepth + sizes.Values; // [width / 32, rows, 32]
        public readonly float* Scores = start + sizes.KeyLanes + sizes.KeyDepth + sizes.Values + sizes.Rows; // [rows, positions]
        public readonly float* Gradients = start + sizes.KeyLanes + sizes.KeyDepth + sizes.Values + sizes.Rows + sizes.Scores; // [rows, positions]
        public readonly float* Left = start + sizes.KeyLanes + sizes.KeyDepth + sizes.Values + sizes.Rows + (2 * sizes.Scores);
    }
}
