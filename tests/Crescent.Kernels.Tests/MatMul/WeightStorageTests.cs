using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;
using Products = Crescent.Kernels.MatMul.MatMul;

namespace Crescent.Kernels.Tests.MatMul;

public class WeightStorageTests
{
    private const int Rows = 40;
    private const int Columns = 64;

    [Fact]
    public void Moved_weights_and_views_of_them_give_the_same_bits_from_their_new_place()
    {
        using var pool = new ComputePool(2);
        using var file = MappedFloats(Rows * Columns, out var path);
        using var storage = new WeightStorage(file.Bytes);
        var whole = WeightMatrix.Create(DType.F32, storage, 0, Rows, Columns, IsaLevel.Portable);
        var part = whole.RowRange(8, 16);
        var before = (Multiply(pool, whole), Multiply(pool, part));

        storage.MoveToHugePages(CancellationToken.None);

        AssertSame(before.Item1, Multiply(pool, whole));
        AssertSame(before.Item2, Multiply(pool, part));
        Assert.NotEqual(0, storage.Shift);
        File.Delete(path);
    }

    [Fact]
    public void A_cancelled_move_leaves_the_weights_where_they_were()
    {
        using var pool = new ComputePool(1);
        using var file = MappedFloats(Rows * Columns, out var path);
        using var storage = new WeightStorage(file.Bytes);
        var whole = WeightMatrix.Create(DType.F32, storage, 0, Rows, Columns, IsaLevel.Portable);
        var before = Multiply(pool, whole);

        storage.MoveToHugePages(new CancellationToken(canceled: true));

        AssertSame(before, Multiply(pool, whole));
        Assert.Equal(0, storage.Shift);
        File.Delete(path);
    }

    // A move hands back the pages of a mapped file: no other memory may stand in for one.
    private static MappedFile MappedFloats(int count, out string path)
    {
        var random = new Random(3);
        path = Path.GetTempFileName();
        File.WriteAllBytes(path, [.. Enumerable.Range(0, count).SelectMany(_ => BitConverter.GetBytes(random.NextSingle() - 0.5f))]);
        return MappedFile.Open(path);
    }

    private static float[] Multiply(ComputePool pool, WeightMatrix weights)
    {
        using var input = new Activations(1, Columns) { Rows = 1 };
        for (var i = 0; i < Columns; i++)
        {
            input.Values[i] = i - 20.5f;
        }

        using var output = new AlignedBuffer<float>(weights.Rows);
        Products.Run(
            pool,
            [new MatMulJob { Weights = weights, Input = input, InputStride = 1, Count = 1, Output = output, OutputStride = weights.Rows }],
            ActivationType.F32);
        return output.Span(0, weights.Rows).ToArray();
    }

    private static void AssertSame(float[] expected, float[] found) =>
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), found.Select(BitConverter.SingleToInt32Bits));
}
