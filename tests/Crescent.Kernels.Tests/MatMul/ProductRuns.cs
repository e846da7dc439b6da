using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Products = Crescent.Kernels.MatMul.MatMul;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>Products of one matrix with some input rows, in one run.</summary>
internal static class ProductRuns
{
    public static Activations RandomInput(int rows, int columns)
    {
        var random = new Random(rows + columns);
        var input = new Activations(rows, columns) { Rows = rows };
        foreach (ref var value in input.Values.Span(0, rows * columns))
        {
            value = (random.NextSingle() * 4) - 2;
        }

        return input;
    }

    /// <summary>[tokens, rows], or transposed [tokens, columns].</summary>
    public static float[] Run(ComputePool pool, WeightMatrix weights, Activations input, int tokens, ActivationType activations, bool transposed = false)
    {
        var width = transposed ? weights.Columns : weights.Rows;
        using var output = new AlignedBuffer<float>(((long)tokens * (width + 1)) + 8);
        output.Span(0, (int)output.Length).Fill(5);
        MatMulJob[] jobs =
        [
            new() { Weights = weights, Input = input, InputStride = 1, Count = tokens, Output = output, OutputStride = width + 1, Transposed = transposed },
        ];
        Products.Run(pool, jobs, activations);
        var result = new float[tokens * width];
        for (var token = 0; token < tokens; token++)
        {
            output.Span((long)token * (width + 1), width).CopyTo(result.AsSpan(token * width));
            Xunit.Assert.Equal(5, output[((long)token * (width + 1)) + width]);
        }

        return result;
    }

    /// <summary>Asserts that two matrices give the same bits: decoded, multiplied alone and in batches, transposed.</summary>
    public static void AssertSame(ComputePool pool, WeightMatrix expected, WeightMatrix found, params ReadOnlySpan<ActivationType> activations)
    {
        var (left, right) = (new float[expected.Columns], new float[expected.Columns]);
        for (var row = 0; row < expected.Rows; row++)
        {
            expected.DecodeRow(row, left);
            found.DecodeRow(row, right);
            AssertBits.Equal(left, right, $"row {row}");
        }

        using var input = RandomInput(9, expected.Columns);
        using var transposed = RandomInput(3, expected.Rows);
        foreach (var type in activations)
        {
            foreach (var tokens in new[] { 1, 2, 3, 9 })
            {
                AssertBits.Equal(Run(pool, expected, input, tokens, type), Run(pool, found, input, tokens, type), $"{type}, {tokens} tokens");
            }
        }

        AssertBits.Equal(
            Run(pool, expected, transposed, 3, ActivationType.F32, transposed: true), Run(pool, found, transposed, 3, ActivationType.F32, transposed: true), "transposed");
    }
}
