using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Training;

/// <summary>Causal softmax attention over packed documents. A head of a document is one thread's work; rows of queries go through it in blocks.</summary>
public static unsafe class AttentionForward
{
    internal const int BlockRows = 4 * GemmTile.Rows;

    /// <summary>Writes outputs and log sums.</summary>
    /// <param name="largest">[heads]: raised to the largest logit of each head</param>
    public static void Run(ComputePool pool, AttentionBatch batch, Span<float> largest)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(batch);
        batch.Check();
        ArgumentOutOfRangeException.ThrowIfNotEqual(largest.Length, batch.Heads);
        var sizes = new Sizes(batch);
        pool.Scratch.Reserve(sizes.Bytes, 0);
        var found = new float[batch.Segments.Length * batch.Heads];
        var work = new Work { Pool = pool, Batch = batch, Sizes = sizes, Largest = found };
        pool.Run(ref work, found.Length, 1);
        for (var i = 0; i < found.Length; i++)
        {
            largest[i % batch.Heads] = MathF.Max(largest[i % batch.Heads], found[i]);
        }
    }

    // Floats of a worker's scratch.
    private readonly struct Sizes(AttentionBatch batch)
    {
        public readonly long Keys = GemmBlock.PackedLength(batch.Longest, GemmTile.Columns, batch.Keys.Width);
        public readonly long Values = GemmBlock.PackedLength(batch.Values.Width, GemmTile.Columns, batch.Longest);
        public readonly long Scores = (long)BlockRows * batch.Longest;
        public readonly long Left = (long)BlockRows * Math.Max(batch.Longest, batch.Keys.Width);

        public long Bytes => (Keys + Values + Scores + Left) * sizeof(float);
    }

    private struct Work : IWork
    {
        public ComputePool Pool;
        public AttentionBatch Batch;
        public Sizes Sizes;
        public float[] Largest;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var item = start; item < end; item++)
            {
                Largest[item] = Attend(Batch.Segments[item / Batch.Heads], item % Batch.Heads, (float*)Pool.Scratch.Of(worker));
            }
        }

        private readonly float Attend(AttentionSegment segment, int head, float* keys)
        {
            var (length, keyWidth, valueWidth) = (segment.Length, Batch.Keys.Width, Batch.Values.Width);
            var values = keys + Sizes.Keys;
            var scores = values + Sizes.Values;
            var left = scores + Sizes.Scores;
            var largest = float.NegativeInfinity;
            GemmPacking.Pack(Batch.Keys.Head(segment.Start, head), length, keyWidth, GemmTile.Columns, keys);
            GemmPacking.Pack(Batch.Values.Head(segment.Start, head).Transposed, valueWidth, length, GemmTile.Columns, values);
            for (var row = 0; row < length; row += BlockRows)
            {
                var rows = Math.Min(BlockRows, length - row);
                var seen = row + rows;
                GemmPacking.Pack(Batch.Queries.Head(segment.Start + row, head), rows, keyWidth, GemmTile.Rows, left);
                GemmBlock.Run(left, keys, keyWidth * GemmTile.Columns, keyWidth, scores, seen, rows, seen, Batch.Scale, accumulates: false);
                for (var i = 0; i < rows; i++)
                {
                    largest = MathF.Max(largest, Normalise(new Span<float>(scores + (i * seen), seen), row + i + 1, out Batch.LogSums.Head(segment.Start + row + i, head).Address[0]));
                }

                GemmPacking.Pack(new FloatOperand(scores, seen, 1), rows, seen, GemmTile.Rows, left);
                var output = Batch.Output.Head(segment.Start + row, head);
                GemmBlock.Run(left, values, length * GemmTile.Columns, seen, output.Address, output.RowStride, rows, valueWidth, 1, accumulates: false);
            }

            return largest;
        }

        // Softmax over the visible positions; the rest becomes 0. Returns the largest logit.
        private static float Normalise(Span<float> scores, int visible, out float logSum)
        {
            var row = scores[..visible];
            var largest = VectorMath.Maximum(row);
            var sum = Softmax.ExpInPlace(row, largest);
            VectorMath.Scale(row, 1 / sum);
            scores[visible..].Clear();
            logSum = largest + MathF.Log(sum);
            return largest;
        }
    }
}
