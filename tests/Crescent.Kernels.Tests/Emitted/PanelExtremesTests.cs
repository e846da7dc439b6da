using System.Globalization;
using Crescent.Kernels.Emitted;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Tests.MatMul;
using Crescent.Kernels.Threading;
using Xunit;
using Products = Crescent.Kernels.MatMul.MatMul;

namespace Crescent.Kernels.Tests.Emitted;

/// <summary>
/// Emitted kernels against the managed loops where numbers end: random jobs over extreme blocks and extreme input, the same for a seed.
/// <c>CRESCENT_FUZZ=1000</c> tries a thousand seeds a format.
/// </summary>
public class PanelExtremesTests
{
    private const int UsualSeeds = 40;
    private const float Untouched = 5;

    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable("CRESCENT_FUZZ"), CultureInfo.InvariantCulture, out var asked) ? asked : UsualSeeds;

    [Theory]
    [MemberData(nameof(PanelKernelTests.Formats), MemberType = typeof(PanelKernelTests))]
    public void Random_jobs_over_extreme_blocks_have_the_bits_of_the_managed_loops(DType dtype)
    {
        PanelKernelTests.SkipUnlessEmitted();
        using var pool = new ComputePool(2);
        var (finite, all) = (0, 0);
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var columns = dtype.Layout().BlockLength * random.Next(1, dtype.Layout().BlockLength == 256 ? 6 : 40);
            var rows = 16 * random.Next(1, 9);
            using var weights = LevelPair.Of(dtype, ExtremeBlocks.Create(dtype, rows, columns, random), rows, columns);
            using var input = ExtremeInput.Create(random.Next(1, 30), columns, random);
            using var panels = PanelStorage.Create([weights.Emitted])!;
            for (var packed = 0; packed < 2; packed++)
            {
                for (var run = 0; run < 4; run++)
                {
                    var job = Job(input, rows, random);
                    var (firstRow, height) = (0, rows);
                    if (run > 0)
                    {
                        firstRow = random.Next(rows);
                        height = random.Next(1, rows - firstRow + 1);
                    }

                    var expected = Run(pool, job, weights.Managed.RowRange(firstRow, height));
                    var found = Run(pool, job, weights.Emitted.RowRange(firstRow, height));
                    AssertBits.EqualButForNaN(expected, found, $"seed {seed}, {rows} × {columns}, rows {firstRow} + {height}, {job.Count} items, {(packed == 0 ? "rows" : "panels")},");
                    finite += expected.Count(value => float.IsFinite(value) && value is not 0 and not Untouched);
                    all += expected.Length;
                }

                Assert.True(panels.Pack(CancellationToken.None));
            }
        }

        // Equal because nothing but NaN is left would prove little.
        Assert.True(finite > all / 20, $"expected more than a twentieth of {all} outputs finite and not 0, found {finite}");
    }

    [Theory]
    [MemberData(nameof(PanelKernelTests.Formats), MemberType = typeof(PanelKernelTests))]
    public void Long_rows_have_the_bits_of_the_managed_loops(DType dtype)
    {
        PanelKernelTests.SkipUnlessEmitted();
        using var pool = new ComputePool(2);
        foreach (var columns in (int[])[16384, 16384 + dtype.Layout().BlockLength, 18432])
        {
            using var weights = LevelPair.Random(dtype, 32, columns);
            using var input = ProductRuns.RandomInput(5, columns);
            using var panels = PanelStorage.Create([weights.Emitted])!;
            for (var packed = 0; packed < 2; packed++)
            {
                foreach (var tokens in (int[])[1, 5])
                {
                    AssertBits.Equal(
                        ProductRuns.Run(pool, weights.Managed, input, tokens, ActivationType.Int8),
                        ProductRuns.Run(pool, weights.Emitted, input, tokens, ActivationType.Int8),
                        $"{columns} columns, {tokens} tokens, {(packed == 0 ? "rows" : "panels")},");
                }

                Assert.True(panels.Pack(CancellationToken.None));
            }
        }
    }

    // Inputs in a row, backwards or gathered with repeats; outputs with gaps.
    private static MatMulJob Job(Activations input, int rows, Random random)
    {
        var job = new MatMulJob { Input = input, OutputStart = random.Next(40), OutputStride = rows + random.Next(40) };
        switch (random.Next(3))
        {
            case 0:
                (job.InputStride, job.Count) = (1, input.Rows);
                break;
            case 1:
                (job.InputStart, job.InputStride, job.Count) = (input.Rows - 1, -1, input.Rows);
                break;
            default:
                var start = random.Next(3);
                job.Count = random.Next(1, 30);
                job.InputRowsStart = start;
                job.InputRows = [.. Enumerable.Repeat(-1, start).Concat(Enumerable.Range(0, job.Count).Select(_ => random.Next(input.Rows)))];
                break;
        }

        return job;
    }

    /// <summary>All that the job may have written to, and what lies around it.</summary>
    private static float[] Run(ComputePool pool, MatMulJob job, WeightMatrix weights)
    {
        using var output = new AlignedBuffer<float>(job.OutputStart + (job.Count * job.OutputStride) + 40);
        output.Span(0, (int)output.Length).Fill(Untouched);
        (job.Weights, job.Output) = (weights, output);
        Products.Run(pool, [job], ActivationType.Int8);
        return output.Span(0, (int)output.Length).ToArray();
    }
}
