using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>Matrices over bytes in pieces: rows that alternate with others', storages that move, and sizes that do not fit.</summary>
public class MatrixBytesTests
{
    private const int AlternatingRows = 21;

    public static TheoryData<DType, IsaLevel> RowMajor
    {
        get
        {
            var data = new TheoryData<DType, IsaLevel>();
            foreach (var dtype in RowCodec.Supported.Append(DType.INT4_G32).Append(DType.MXFP4_SPLIT))
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
    [MemberData(nameof(RowMajor))]
    public void Every_other_row_is_the_matrix_of_those_rows(DType dtype, IsaLevel isa)
    {
        TestMatrix.SkipUnlessRunnable(isa);
        using var pool = new ComputePool(1);
        var columns = Math.Max(96, dtype.Layout().BlockLength);
        foreach (var step in new[] { 2, 3 })
        {
            var (codes, scales) = RandomBytes(dtype, AlternatingRows * step, columns);
            var (rowBytes, scaleBytes) = (codes.Length / (AlternatingRows * step), scales.Length / (AlternatingRows * step));
            using var allCodes = SplitMatrix.Native(codes);
            using var allScales = SplitMatrix.Native(scales);
            for (var first = 0; first < step; first++)
            {
                using var someCodes = SplitMatrix.Native(Rows(codes, rowBytes, first, step));
                using var someScales = SplitMatrix.Native(Rows(scales, scaleBytes, first, step));
                var expected = WeightMatrix.Create(new MatrixBytes(dtype, someCodes.Bytes, someScales.Bytes, AlternatingRows, columns), isa);
                var spaced = ((AlternatingRows - 1) * step) + 1;
                var found = WeightMatrix.Create(
                    new MatrixBytes(
                        dtype,
                        allCodes.Bytes.Slice(first * rowBytes, spaced * rowBytes),
                        allScales.Bytes.Slice(first * scaleBytes, spaced * scaleBytes),
                        AlternatingRows,
                        columns,
                        step),
                    isa);
                ProductRuns.AssertSame(pool, expected, found, ActivationType.Int8, ActivationType.F32);
                ProductRuns.AssertSame(pool, expected.RowRange(3, 10), found.RowRange(1, 20).RowRange(2, 10), ActivationType.Int8, ActivationType.F32);
                Assert.Equal(expected.StoredBytes, found.StoredBytes);
                Assert.Equal(expected.RowRange(3, 10).StoredBytes, found.RowRange(3, 10).StoredBytes);
            }
        }

        static byte[] Rows(byte[] bytes, int rowBytes, int first, int step) =>
            [.. Enumerable.Range(0, AlternatingRows).SelectMany(row => bytes.Skip(((row * step) + first) * rowBytes).Take(rowBytes))];
    }

    [Theory]
    [InlineData(DType.F8_E4M3)]
    [InlineData(DType.INT4_G32)]
    [InlineData(DType.MXFP4_SPLIT)]
    [InlineData(DType.INT8_KN)]
    public void Codes_and_scales_may_move_apart(DType dtype)
    {
        using var pool = new ComputePool(1);
        using var split = SplitMatrix.Random(dtype, 200, 192, IsaLevel.Portable, 3);
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, [.. split.Scales, .. split.Codes]);
        using var file = MappedFile.Open(path);
        using var codes = new WeightStorage(file.Bytes.Slice(split.Scales.Length, split.Codes.Length));
        using var scales = new WeightStorage(file.Bytes.Slice(0, split.Scales.Length));
        var bytes = split.Bytes with { Codes = codes.Mapped, Scales = scales.Mapped };
        var moving = WeightMatrix.Create(bytes, codes, scales, IsaLevel.Portable);
        var halfMoving = WeightMatrix.Create(bytes, codes, null, IsaLevel.Portable);
        var range = moving.RowRange(140, 50);
        foreach (var storage in new[] { codes, scales })
        {
            storage.MoveToHugePages(CancellationToken.None);
            Assert.NotEqual(0, storage.Shift);
            ProductRuns.AssertSame(pool, split.Matrix, moving, ActivationType.Int8, ActivationType.F32);
            ProductRuns.AssertSame(pool, split.Matrix, halfMoving, ActivationType.Int8);
            ProductRuns.AssertSame(pool, split.Matrix.RowRange(140, 50), range, ActivationType.Int8);
        }

        File.Delete(path);
    }

    [Fact]
    public void Bytes_outside_their_storage_are_refused()
    {
        using var split = SplitMatrix.Random(DType.INT4_G32, 4, 64, IsaLevel.Portable);
        var codes = new WeightStorage(split.Bytes.Codes);
        var scales = new WeightStorage(split.Bytes.Scales);
        Assert.Equal(4, WeightMatrix.Create(split.Bytes, codes, scales, IsaLevel.Portable).Rows);
        Assert.Equal("codes", Assert.Throws<ArgumentException>(() => WeightMatrix.Create(split.Bytes, scales, scales, IsaLevel.Portable)).ParamName);
        Assert.Equal("scales", Assert.Throws<ArgumentException>(() => WeightMatrix.Create(split.Bytes, codes, codes, IsaLevel.Portable)).ParamName);
        var cut = new WeightStorage(split.Bytes.Codes.Slice(0, split.Bytes.Codes.Length - 1));
        Assert.Throws<ArgumentException>(() => WeightMatrix.Create(split.Bytes, cut, scales, IsaLevel.Portable));
        cut = new WeightStorage(split.Bytes.Codes.Slice(1, split.Bytes.Codes.Length - 1));
        Assert.Throws<ArgumentException>(() => WeightMatrix.Create(split.Bytes, cut, scales, IsaLevel.Portable));
    }

    [Theory]
    [InlineData(DType.F8_E4M3, 576, 200, 576 * 200, 5 * 2 * 4)]
    [InlineData(DType.INT4_G32, 5, 64, 5 * 32, 5 * 2 * 2)]
    [InlineData(DType.MXFP4_SPLIT, 5, 64, 5 * 32, 5 * 2)]
    [InlineData(DType.INT8_KN, 5, 64, 5 * 64, 5 * 2 * 2)]
    [InlineData(DType.BF16, 5, 64, 5 * 64 * 2, 0)]
    public void Sizes_that_do_not_fit_the_shape_are_refused_with_both(DType dtype, int rows, int columns, int codeBytes, int scaleBytes)
    {
        using var memory = new AlignedBuffer<byte>(codeBytes + scaleBytes + 100);
        Assert.Equal(codeBytes + scaleBytes, Create(rows, columns, codeBytes, scaleBytes).StoredBytes);
        foreach (var wrong in new[] { 0, codeBytes - 1, codeBytes + 1 })
        {
            Refused(() => Create(rows, columns, wrong, scaleBytes), $"{rows} × {columns} take {codeBytes} bytes; found {wrong}");
        }

        foreach (var wrong in new[] { scaleBytes - 1, scaleBytes + 1, 0 }.Where(bytes => bytes >= 0 && bytes != scaleBytes))
        {
            Refused(() => Create(rows, columns, codeBytes, wrong), "scales", $"found {wrong}");
        }

        foreach (var (badRows, badColumns, step) in new[] { (0, columns, 1), (-1, columns, 1), (rows, 0, 1), (rows, -64, 1), (rows, columns, 0), (rows, columns, -1) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Create(badRows, badColumns, codeBytes, scaleBytes, step));
        }

        // Sizes beyond 64 bits.
        Refused(() => Create(int.MaxValue, int.MaxValue & ~31, codeBytes, scaleBytes), $"found {codeBytes}");
        Refused(() => Create(rows, columns, codeBytes, scaleBytes, int.MaxValue), dtype is DType.F8_E4M3 or DType.INT8_KN ? "row step" : $"found {codeBytes}");

        WeightMatrix Create(int r, int c, int length, int scaleLength, int step = 1) => WeightMatrix.Create(
            new MatrixBytes(dtype, memory.Bytes.Slice(0, length), memory.Bytes.Slice(length, scaleLength), r, c, step), IsaLevel.Portable);
    }

    [Fact]
    public void Groups_must_divide_the_columns_and_blocks_be_whole()
    {
        using var memory = new AlignedBuffer<byte>(1000);
        Refused(() => Create(DType.INT8_KN, 4, 10, 40, 3 * 4 * 2), "scales");
        Refused(() => Create(DType.INT8_KN, 4, 10, 40, 20 * 4 * 2), "scales");
        Refused(() => Create(DType.INT4_G32, 4, 48, 96, 4 * 2), "48 columns");
        Refused(() => Create(DType.MXFP4_SPLIT, 4, 16, 32, 4), "16 columns");
        Refused(() => WeightMatrix.Create(DType.F8_E4M3, memory.Bytes, 10, 100, IsaLevel.Portable), "scales", "found 0");
        var unsupported = Assert.Throws<NotSupportedException>(() => Create(DType.I64, 1, 1, 8, 0));
        Assert.Contains("INT8_KN", unsupported.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => Create((DType)9999, 1, 1, 8, 0));
        Assert.Throws<NotSupportedException>(() => WeightMatrix.Create(new MatrixBytes(DType.INT8_KN, memory.Bytes.Slice(0, 4), memory.Bytes.Slice(4, 8), 4, 1), (IsaLevel)9));

        WeightMatrix Create(DType dtype, int rows, int columns, int codes, int scales) => WeightMatrix.Create(
            new MatrixBytes(dtype, memory.Bytes.Slice(0, codes), memory.Bytes.Slice(codes, scales), rows, columns), IsaLevel.Portable);
    }

    private static (byte[] Codes, byte[] Scales) RandomBytes(DType dtype, int rows, int columns)
    {
        if (dtype.HasSplitScales())
        {
            using var split = SplitMatrix.Random(dtype, rows, columns, IsaLevel.Portable);
            return (split.Codes, split.Scales);
        }

        using var whole = TestMatrix.Random(dtype, rows, columns, IsaLevel.Portable);
        return (whole.Bytes, []);
    }

    private static void Refused(Func<object> create, params string[] parts)
    {
        var exception = Assert.ThrowsAny<ArgumentException>(create);
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }
}
