using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>Matrices cut into parts, as tensor-parallel checkpoints have them.</summary>
public class ShardTests
{
    public static TheoryData<DType, IsaLevel> Formats
    {
        get
        {
            var data = new TheoryData<DType, IsaLevel>();
            foreach (var dtype in RowCodec.Supported.Concat(DTypes.Split))
            {
                foreach (var isa in Enum.GetValues<IsaLevel>())
                {
                    data.Add(dtype, isa);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Parts_cut_along_the_rows_give_the_products_of_the_whole(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(2);
        var columns = Math.Max(96, dtype.Layout().BlockLength);
        using var memory = Random(dtype, 150, columns, isa, out var whole);
        foreach (var lengths in new int[][] { [64, 16, 64, 6], [5, 20, 1, 124], [150], [1, 149] })
        {
            var parts = new List<WeightMatrix>();
            foreach (var length in lengths)
            {
                parts.Add(whole.RowRange(parts.Sum(part => part.Rows), length));
            }

            var joined = WeightMatrix.ConcatRows(parts);
            Assert.Equal((150, columns, dtype, whole.RowBytes), (joined.Rows, joined.Columns, joined.DType, joined.RowBytes));
            Assert.Equal(parts.Sum(part => part.StoredBytes), joined.StoredBytes);
            ProductRuns.AssertSame(pool, whole, joined, ActivationType.Int8, ActivationType.F32);
            foreach (var (first, rows) in new[] { (0, 4), (3, 100), (63, 87), (149, 1) })
            {
                ProductRuns.AssertSame(pool, whole.RowRange(first, rows), joined.RowRange(first, rows), ActivationType.Int8, ActivationType.F32);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Parts_cut_along_the_columns_give_the_float_products_of_the_whole(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(2);
        var block = Math.Max(32, dtype.Layout().BlockLength);
        var widths = new[] { 3 * block, block, 2 * block };
        var memories = widths.Select(width => (IDisposable)Random(dtype, 19, width, isa, out _)).ToArray();
        var parts = widths.Select((width, i) => Matrix(memories[i])).ToArray();
        var joined = WeightMatrix.ConcatColumns(parts);
        Assert.Equal((19, 6 * block, dtype, false), (joined.Rows, joined.Columns, joined.DType, joined.IsQuantized));
        Assert.Equal(parts.Sum(part => part.StoredBytes), joined.StoredBytes);

        var values = new float[19 * 6 * block];
        for (var row = 0; row < 19; row++)
        {
            var start = row * 6 * block;
            foreach (var part in parts)
            {
                part.DecodeRow(row, values.AsSpan(start, part.Columns));
                start += part.Columns;
            }
        }

        using var floats = TestMatrix.Of(DType.F32, [.. values.SelectMany(BitConverter.GetBytes)], 19, 6 * block, isa);
        ProductRuns.AssertSame(pool, floats.Matrix, joined, ActivationType.Int8, ActivationType.F32);
        ProductRuns.AssertSame(pool, floats.Matrix.RowRange(5, 9), joined.RowRange(5, 9), ActivationType.Int8);
        ProductRuns.AssertSame(
            pool, floats.Matrix.RowRange(5, 14), WeightMatrix.ConcatRows([joined.RowRange(5, 3), joined.RowRange(8, 11)]), ActivationType.F32);
        Array.ForEach(memories, memory => memory.Dispose());
    }

    [Fact]
    public void Float_parts_cut_along_odd_columns_give_the_products_of_the_whole()
    {
        using var pool = new ComputePool(1);
        foreach (var isa in Enum.GetValues<IsaLevel>().Where(isa => isa == IsaLevel.Portable || IsaLevels.IsSupported(IsaLevel.Avx2)))
        {
            using var whole = TestMatrix.Random(DType.BF16, 10, 300, isa);
            int[] widths = [7, 250, 42, 1];
            var memories = new List<AlignedBuffer<byte>>();
            var parts = new List<WeightMatrix>();
            foreach (var width in widths)
            {
                var first = parts.Sum(part => part.Columns);
                memories.Add(SplitMatrix.Native([.. Enumerable.Range(0, 10).SelectMany(row => whole.Bytes.Skip(2 * ((300 * row) + first)).Take(2 * width))]));
                parts.Add(WeightMatrix.Create(DType.BF16, memories[^1].Bytes, 10, width, isa));
            }

            ProductRuns.AssertSame(pool, whole.Matrix, WeightMatrix.ConcatColumns(parts), ActivationType.Int8, ActivationType.F32);
            memories.ForEach(memory => memory.Dispose());
        }
    }

    [Fact]
    public void Parts_that_do_not_fit_together_are_refused()
    {
        using var wide = TestMatrix.Random(DType.BF16, 4, 64, IsaLevel.Portable);
        using var narrow = TestMatrix.Random(DType.BF16, 3, 32, IsaLevel.Portable);
        using var other = TestMatrix.Random(DType.F16, 4, 64, IsaLevel.Portable);
        Refused(() => WeightMatrix.ConcatRows([]), "no parts");
        Refused(() => WeightMatrix.ConcatColumns([]), "no parts");
        Refused(() => WeightMatrix.ConcatRows([wide.Matrix, narrow.Matrix]), "part 0 has 64 columns, part 1 32");
        Refused(() => WeightMatrix.ConcatColumns([wide.Matrix, narrow.Matrix]), "part 0 has 4 rows, part 1 3");
        Refused(() => WeightMatrix.ConcatRows([wide.Matrix, wide.Matrix, other.Matrix]), "part 0 is BF16, part 2 F16");
        Assert.Throws<ArgumentNullException>(() => WeightMatrix.ConcatRows(null!));
        Assert.SkipUnless(IsaLevels.IsSupported(IsaLevel.Avx2), "this processor has one level only");
        using var faster = TestMatrix.Random(DType.BF16, 4, 64, IsaLevel.Avx2);
        Refused(() => WeightMatrix.ConcatRows([wide.Matrix, faster.Matrix]), "part 0 runs at Portable, part 1 at Avx2");
    }

    private static IDisposable Random(DType dtype, int rows, int columns, IsaLevel isa, out WeightMatrix matrix)
    {
        IDisposable memory = dtype.HasSplitScales()
            ? SplitMatrix.Random(dtype, rows, columns, isa, seed: columns)
            : TestMatrix.Random(dtype, rows, columns, isa, columns);
        matrix = Matrix(memory);
        return memory;
    }

    private static WeightMatrix Matrix(IDisposable memory) => memory is SplitMatrix split ? split.Matrix : ((TestMatrix)memory).Matrix;

    private static void Refused(Func<object> join, string part) =>
        Assert.Contains(part, Assert.ThrowsAny<ArgumentException>(join).Message, StringComparison.Ordinal);
}
