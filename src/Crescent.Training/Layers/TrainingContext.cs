using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Crescent.Training.Models;

namespace Crescent.Training.Layers;

/// <summary>What all layers share while a batch goes through them: threads, positions, and buffers that no layer keeps.</summary>
internal sealed class TrainingContext : IDisposable
{
    public const int RowGrain = 16;

    public TrainingContext(TrainingShape shape, int maxTokens, ComputePool pool)
    {
        (Shape, MaxTokens, Pool, Rope) = (shape, maxTokens, pool, shape.Rope);
        Normed = Rows(shape.Hidden);
        RopeRows = Rows(Rope.RowLength);
        TurnedRows = Rows(Rope.RowLength);
    }

    public TrainingShape Shape { get; }

    public int MaxTokens { get; }

    public ComputePool Pool { get; }

    public Rope Rope { get; }

    public TrainingBatch Batch { get; private set; } = null!;

    public int Tokens => Batch.Count;

    /// <summary>[tokens, hidden]: gradient of a block's normed input.</summary>
    public AlignedBuffer<float> Normed { get; }

    /// <summary>[tokens, rope row]: factors of each token's position in its document.</summary>
    public AlignedBuffer<float> RopeRows { get; }

    /// <summary>The same for the way back: the opposite rotation.</summary>
    public AlignedBuffer<float> TurnedRows { get; }

    /// <summary>A buffer of so many floats a token.</summary>
    public AlignedBuffer<float> Rows(int width) => new((long)MaxTokens * width);

    public void Begin(TrainingBatch batch)
    {
        if (batch.Count > MaxTokens)
        {
            throw new ArgumentException($"expected at most {MaxTokens} tokens, found {batch.Count}", nameof(batch));
        }

        Batch = batch;
        var width = Rope.Width;
        foreach (var segment in batch.Segments)
        {
            for (var i = 0; i < segment.Length; i++)
            {
                var row = RopeRows.Span((long)(segment.Start + i) * Rope.RowLength, Rope.RowLength);
                Rope.Factors(i, row);
                var turned = TurnedRows.Span((long)(segment.Start + i) * Rope.RowLength, Rope.RowLength);
                row.CopyTo(turned);
                VectorMath.Scale(turned[width..], -1);
            }
        }
    }

    public ReadOnlySpan<float> RopeRow(int token) => RopeRows.Span((long)token * Rope.RowLength, Rope.RowLength);

    public ReadOnlySpan<float> TurnedRow(int token) => TurnedRows.Span((long)token * Rope.RowLength, Rope.RowLength);

    /// <summary>Does <paramref name="work"/> for ranges of 0..<paramref name="count"/> on all threads.</summary>
    public void Parallel(int count, int grain, Action<int, int> work)
    {
        var ranges = new Ranges { Work = work };
        Pool.Run(ref ranges, count, grain);
    }

    public void Multiply(params ReadOnlySpan<GemmJob> jobs) => Gemm.Run(Pool, jobs);

    public void Dispose()
    {
        Normed.Dispose();
        RopeRows.Dispose();
        TurnedRows.Dispose();
    }

    private struct Ranges : IWork
    {
        public Action<int, int> Work;

        public readonly void Execute(int start, int end, int worker) => Work(start, end);
    }
}
