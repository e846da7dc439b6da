using System.Diagnostics;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Cli.Benchmarks;

/// <summary>Multiplications and additions a second of a long prompt's products: many rows of 8-bit activations against 4-bit weights.</summary>
internal static class ComputeProbe
{
    private const int Outputs = 2048;
    private const int Inputs = 7168;
    private const int Rows = 96; // a chunk of 4096 tokens gives each of 384 experts about as many
    private const int Passes = 12;

    /// <param name="threads">0 for one a processor.</param>
    public static double Measure(int threads, IsaLevel isa, Terminal terminal)
    {
        terminal.Detail("measuring products");
        using var pool = new ComputePool(threads > 0 ? threads : Environment.ProcessorCount);
        using var weights = new AlignedBuffer<byte>(Outputs * DType.Q4_0.Layout().RowBytes(Inputs));
        using var output = new AlignedBuffer<float>(Rows * Outputs);
        using var input = new Activations(Rows, Inputs);
        input.Values.Span(0, Rows * Inputs).Fill(1);
        input.Rows = Rows;
        MatMulJob[] jobs =
        [
            new() { Weights = WeightMatrix.Create(DType.Q4_0, weights.Bytes, Outputs, Inputs, isa), Input = input, InputStride = 1, Count = Rows, Output = output, OutputStride = Outputs },
        ];
        var fastest = TimeSpan.MaxValue;
        for (var pass = 0; pass < Passes; pass++)
        {
            var start = Stopwatch.GetTimestamp();
            MatMul.Run(pool, jobs, ActivationType.Int8);
            var elapsed = Stopwatch.GetElapsedTime(start);
            fastest = elapsed < fastest ? elapsed : fastest;
        }

        return (double)Outputs * Inputs * Rows / fastest.TotalSeconds;
    }
}
