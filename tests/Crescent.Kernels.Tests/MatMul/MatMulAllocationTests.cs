using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;
using Products = Crescent.Kernels.MatMul.MatMul;

namespace Crescent.Kernels.Tests.MatMul;

[CollectionDefinition(nameof(MatMulAllocationTests), DisableParallelization = true)]
[Collection(nameof(MatMulAllocationTests))]
public class MatMulAllocationTests
{
    [Theory]
    [InlineData(DType.Q4_0)]
    [InlineData(DType.Q6_K)]
    [InlineData(DType.F16)]
    public void A_warm_run_allocates_nothing(DType dtype)
    {
        using var pool = new ComputePool(2);
        using var weights = TestMatrix.Random(dtype, 64, 512, IsaLevels.Best);
        using var input = new Activations(64, 512) { Rows = 64 };
        using var transposedInput = new Activations(64, 64) { Rows = 64 };
        using var output = new AlignedBuffer<float>(64 * 64 * 10);
        using var transposedOutput = new AlignedBuffer<float>(64 * 512);
        var jobs = new MatMulJob[11];
        for (var i = 0; i < 10; i++)
        {
            jobs[i] = new MatMulJob
            {
                Weights = weights.Matrix,
                Input = input,
                InputStride = 1,
                Count = i == 0 ? 64 : i,
                Output = output,
                OutputStart = 64 * 64 * i,
                OutputStride = 64,
            };
        }

        jobs[10] = new MatMulJob
        {
            Weights = weights.Matrix,
            Input = transposedInput,
            InputStride = 1,
            Count = 64,
            Output = transposedOutput,
            OutputStride = 512,
            Transposed = true,
        };
        foreach (var activations in Enum.GetValues<ActivationType>())
        {
            Run(pool, jobs, input, activations);
            Run(pool, jobs, input, activations);
            var before = (GC.GetAllocatedBytesForCurrentThread(), GC.GetTotalAllocatedBytes(precise: true));
            Run(pool, jobs, input, activations);
            var after = (GC.GetAllocatedBytesForCurrentThread(), GC.GetTotalAllocatedBytes(precise: true));
            Assert.Equal(before.Item1, after.Item1);

            // The whole process: the runner's own threads may allocate a little, a run that allocated per job or panel would show more.
            Assert.InRange(after.Item2 - before.Item2, 0, 4096);
        }
    }

    private static void Run(ComputePool pool, MatMulJob[] jobs, Activations input, ActivationType activations)
    {
        input.Invalidate();
        Products.Run(pool, jobs, activations);
    }
}
