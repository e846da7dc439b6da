using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>Rows of the embedding.</summary>
internal sealed class EmbeddingLayer(Parameter table, TrainingContext context)
{
    private const int ColumnGrain = 32;

    /// <param name="output">[tokens, hidden]</param>
    public void Forward(AlignedBuffer<float> output)
    {
        var (hidden, tokens) = (table.Columns, context.Batch.Tokens);
        context.Parallel(tokens.Length, TrainingContext.RowGrain, (start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                table.Used.Span((long)tokens[i] * hidden, hidden).CopyTo(output.Span((long)i * hidden, hidden));
            }
        });
    }

    /// <summary>Adds each token's gradient to its row. Threads share the columns, so that the order of sums is the tokens'.</summary>
    /// <param name="gradient">[tokens, hidden]</param>
    public void Backward(AlignedBuffer<float> gradient)
    {
        var (hidden, tokens) = (table.Columns, context.Batch.Tokens);
        context.Parallel((hidden + ColumnGrain - 1) / ColumnGrain, 1, (start, end) =>
        {
            var (first, width) = (start * ColumnGrain, Math.Min(hidden, end * ColumnGrain) - (start * ColumnGrain));
            for (var i = 0; i < tokens.Length; i++)
            {
                VectorMath.Add(table.Gradient.Span(((long)tokens[i] * hidden) + first, width), gradient.Span(((long)i * hidden) + first, width));
            }
        });
    }
}
