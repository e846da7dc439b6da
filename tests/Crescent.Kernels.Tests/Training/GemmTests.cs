using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Xunit;

namespace Crescent.Kernels.Tests.Training;

public sealed class GemmTests
{
    private const double Bound = 2e-6; // of the sum of absolute products

    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 12, 16, 32 }, { 13, 5, 33 }, { 7, 300, 31 }, { 100, 257, 70 }, { 97, 512, 600 }, { 250, 33, 513 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_orientation_agrees_with_a_product_in_doubles(int m, int k, int n)
    {
        using var pool = new ComputePool(2);
        foreach (var (leftTurned, rightTurned) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            using var left = Random(m * k, 1);
            using var right = Random(k * n, 2);
            using var output = Random(m * n, 3);
            using var before = Random(m * n, 3);
            var a = leftTurned ? new FloatView(left, 0, k, m).Transposed : new FloatView(left, 0, m, k);
            var b = rightTurned ? new FloatView(right, 0, n, k).Transposed : new FloatView(right, 0, k, n);
            Gemm.Run(pool, new GemmJob(a, b, new FloatView(output, 0, m, n), Accumulates: true, Scale: 0.5f));
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    var (sum, size) = ((double)before[(i * n) + j], 1.0);
                    for (var t = 0; t < k; t++)
                    {
                        var product = (double)At(a, i, t) * At(b, t, j) * 0.5;
                        sum += product;
                        size += Math.Abs(product);
                    }

                    Assert.InRange(output[(i * n) + j], sum - (size * Bound), sum + (size * Bound));
                }
            }
        }
    }

    [Fact]
    public void Bits_depend_on_neither_threads_nor_other_jobs()
    {
        const int M = 77, K = 700, N = 130;
        using var left = Random(M * K, 4);
        using var right = Random(K * N, 5);
        using var alone = new AlignedBuffer<float>(M * N);
        using var among = new AlignedBuffer<float>(3 * M * N);
        using (var one = new ComputePool(1))
        {
            Gemm.Run(one, Job(alone, 0, 0, M));
        }

        using (var two = new ComputePool(2))
        {
            Gemm.Run(two, [Job(among, 0, 0, 5), Job(among, M * N, 0, M), Job(among, 2 * M * N, 20, 9)]);
        }

        Assert.True(alone.Span(0, M * N).SequenceEqual(among.Span(M * N, M * N)));
        Assert.True(alone.Span(0, 5 * N).SequenceEqual(among.Span(0, 5 * N)));
        Assert.True(alone.Span(20 * N, 9 * N).SequenceEqual(among.Span(2 * M * N, 9 * N)));

        GemmJob Job(AlignedBuffer<float> output, int start, int row, int rows) =>
            new(new FloatView(left, 0, M, K).RowRange(row, rows), new FloatView(right, 0, K, N), new FloatView(output, start, rows, N));
    }

    [Fact]
    public void Wrong_shapes_and_places_are_refused()
    {
        using var pool = new ComputePool(1);
        using var buffer = new AlignedBuffer<float>(12);
        var view = new FloatView(buffer, 0, 3, 4);
        Assert.Throws<ArgumentException>(() => Gemm.Run(pool, new GemmJob(view, view, view)));
        Assert.Throws<ArgumentException>(() => Gemm.Run(pool, new GemmJob(view with { Start = 1 }, view.Transposed, new FloatView(buffer, 0, 3, 3))));
    }

    private static float At(FloatView view, int row, int column) => view.Buffer[view.Start + ((long)row * view.RowStride) + ((long)column * view.ColumnStride)];

    private static AlignedBuffer<float> Random(int length, int seed)
    {
        var random = new Random(seed);
        var buffer = new AlignedBuffer<float>(length);
        for (var i = 0; i < length; i++)
        {
            buffer[i] = (random.NextSingle() * 2) - 1;
        }

        return buffer;
    }
}
