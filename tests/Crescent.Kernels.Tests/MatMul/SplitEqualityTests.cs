using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>The same values in two formats, one with its scales apart, give the same bits.</summary>
public class SplitEqualityTests
{
    public static TheoryData<IsaLevel> Levels => [.. Enum.GetValues<IsaLevel>()];

    [Theory]
    [MemberData(nameof(Levels))]
    public void Int4_groups_are_Q4_0_with_the_nibbles_in_another_order(IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var (rows, columns) in new[] { (1, 32), (7, 64), (17, 96), (35, 2080), (16, 512) })
        {
            using var split = SplitMatrix.Random(DType.INT4_G32, rows, columns, isa, seed: rows);
            using var whole = TestMatrix.Of(DType.Q4_0, Interleave(split, 18, scale => BitConverter.GetBytes((Half)BFloat16(scale))), rows, columns, isa);
            ProductRuns.AssertSame(pool, whole.Matrix, split.Matrix, ActivationType.Int8, ActivationType.F32);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Split_MXFP4_is_MXFP4_with_the_nibbles_in_another_order(IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var (rows, columns) in new[] { (1, 32), (7, 64), (17, 96), (35, 2080), (16, 512) })
        {
            using var split = SplitMatrix.Random(DType.MXFP4_SPLIT, rows, columns, isa, seed: rows);
            using var whole = TestMatrix.Of(DType.MXFP4, Interleave(split, 17, scale => scale), rows, columns, isa);
            ProductRuns.AssertSame(pool, whole.Matrix, split.Matrix, ActivationType.Int8, ActivationType.F32);
        }
    }

    [Fact]
    public void Every_E8M0_scale_means_what_it_does_in_MXFP4()
    {
        var random = new Random(2);
        var codes = new byte[256 * 16];
        random.NextBytes(codes);
        using var split = SplitMatrix.Of(DType.MXFP4_SPLIT, codes, [.. Enumerable.Range(0, 256).Select(i => (byte)i)], 256, 32, IsaLevel.Portable);
        using var whole = TestMatrix.Of(DType.MXFP4, Interleave(split, 17, scale => scale), 256, 32, IsaLevel.Portable);
        var (left, right) = (new float[32], new float[32]);
        for (var row = 0; row < 256; row++)
        {
            whole.Matrix.DecodeRow(row, left);
            split.Matrix.DecodeRow(row, right);
            AssertBits.Equal(left, right, $"scale {row}");
            AssertBits.Equal(split.Row(row), right, $"scale {row}");
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Float_products_of_tiles_and_of_input_major_bytes_are_those_of_their_decoded_values(IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var (dtype, rows, columns, groups) in new[]
        {
            (DType.F8_E4M3, 576, 200, 1), (DType.F8_E4M3, 17, 7, 1), (DType.INT8_KN, 300, 384, 3), (DType.INT8_KN, 17, 7, 1), (DType.INT8_KN, 130, 140, 7), (DType.INT8_KN, 8, 16, 1),
        })
        {
            using var split = SplitMatrix.Random(dtype, rows, columns, isa, groups);
            using var floats = Floats(split, isa);
            ProductRuns.AssertSame(pool, floats.Matrix, split.Matrix, split.Matrix.IsQuantized ? [ActivationType.F32] : [ActivationType.F32, ActivationType.Int8]);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Tiny_products_keep_the_sign_of_their_zeros(IsaLevel isa)
    {
        // Products that round to −0, in lanes that a ragged row continues with zeros.
        using var pool = new ComputePool(1);
        byte[] codes = [.. Enumerable.Repeat((byte)1, 20 * 9)];
        byte[] scales = [.. Enumerable.Range(0, 9).SelectMany(_ => new byte[] { 0x80, 0x00 })];
        using var split = SplitMatrix.Of(DType.INT8_KN, codes, scales, 9, 20, isa);
        using var floats = Floats(split, isa);
        using var input = new Activations(1, 20) { Rows = 1 };
        input.Row(0).Fill(-1e-30f);
        AssertBits.Equal(
            ProductRuns.Run(pool, floats.Matrix, input, 1, ActivationType.F32), ProductRuns.Run(pool, split.Matrix, input, 1, ActivationType.F32));
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Input_major_bytes_with_scales_of_one_are_Q8_0(IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var (rows, columns) in new[] { (1, 32), (17, 96), (300, 416), (128, 128) })
        {
            using var random = SplitMatrix.Random(DType.INT8_KN, rows, columns, isa);
            byte[] ones = [.. Enumerable.Range(0, rows).SelectMany(_ => new byte[] { 0x80, 0x3F })];
            using var split = SplitMatrix.Of(DType.INT8_KN, random.Codes, ones, rows, columns, isa);
            var blocks = new byte[rows * DType.Q8_0.Layout().RowBytes(columns)];
            for (var i = 0; i < rows * columns; i++)
            {
                var (row, column) = (i / columns, i % columns);
                var block = i / 32 * 34;
                BitConverter.TryWriteBytes(blocks.AsSpan(block), (Half)1);
                blocks[block + 2 + (i % 32)] = random.Codes[(column * rows) + row];
            }

            using var whole = TestMatrix.Of(DType.Q8_0, blocks, rows, columns, isa);
            ProductRuns.AssertSame(pool, whole.Matrix, split.Matrix, ActivationType.Int8, ActivationType.F32);
        }
    }

    [Fact]
    public void Groups_of_scales_that_are_not_whole_groups_of_activations_take_float_input()
    {
        using var whole = SplitMatrix.Random(DType.INT8_KN, 8, 128, IsaLevel.Portable, 2);
        using var cut = SplitMatrix.Random(DType.INT8_KN, 8, 96, IsaLevel.Portable, 2);
        Assert.True(whole.Matrix.IsQuantized);
        Assert.False(cut.Matrix.IsQuantized);
        using var pool = new ComputePool(1);
        using var input = ProductRuns.RandomInput(3, 96);
        AssertBits.Equal(
            ProductRuns.Run(pool, cut.Matrix, input, 3, ActivationType.F32), ProductRuns.Run(pool, cut.Matrix, input, 3, ActivationType.Int8));
    }

    private static TestMatrix Floats(SplitMatrix split, IsaLevel isa)
    {
        var (rows, columns) = (split.Bytes.Rows, split.Bytes.Columns);
        return TestMatrix.Of(DType.F32, [.. Enumerable.Range(0, rows).SelectMany(split.Row).SelectMany(BitConverter.GetBytes)], rows, columns, isa);
    }

    private static float BFloat16(byte[] bytes) => BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(bytes) << 16);

    // Blocks of a scale and 16 bytes whose low nibbles are the first 16 values.
    private static byte[] Interleave(SplitMatrix split, int blockBytes, Func<byte[], byte[]> scaleOf)
    {
        var count = split.Codes.Length / 16;
        var scaleBytes = split.Scales.Length / count;
        var blocks = new byte[count * blockBytes];
        for (var block = 0; block < count; block++)
        {
            scaleOf(split.Scales[(block * scaleBytes)..((block + 1) * scaleBytes)]).CopyTo(blocks, block * blockBytes);
            for (var i = 0; i < 32; i++)
            {
                var nibble = (split.Codes[(16 * block) + (i / 2)] >> (4 * (i % 2))) & 15;
                blocks[(block * blockBytes) + blockBytes - 16 + (i % 16)] |= (byte)(nibble << (4 * (i / 16)));
            }
        }

        return blocks;
    }
}
