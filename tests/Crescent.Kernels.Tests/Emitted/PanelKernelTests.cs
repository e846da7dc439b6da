using Crescent.Kernels.Emitted;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Tests.MatMul;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.Emitted;

/// <summary>The emitted kernels against the managed loops: the same bits, for every format and number of input rows.</summary>
public class PanelKernelTests
{
    public static TheoryData<DType> Formats =>
        new([DType.Q4_0, DType.Q8_0, DType.IQ4_NL, DType.MXFP4, DType.MXFP4_SPLIT, DType.INT4_G32, DType.Q4_K, DType.Q5_K, DType.Q6_K, DType.IQ4_XS]);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_have_the_bits_of_the_managed_loops_packed_or_not(DType dtype)
    {
        SkipUnlessEmitted();
        using var pool = new ComputePool(2);
        foreach (var columns in dtype.Layout().BlockLength == 256 ? [256, 768] : new[] { 32, 96, 256, 1408 })
        {
            // 80 rows: panels of a whole work item and of part of one; 88: rows that fill no panel.
            foreach (var rows in new[] { 16, 80, 88 })
            {
                using var weights = LevelPair.Random(dtype, rows, columns);
                using var input = ProductRuns.RandomInput(27, columns);
                using var panels = PanelStorage.Create([weights.Emitted]);
                Assert.Equal(rows % 16 == 0, panels is not null);
                for (var packed = 0; packed < 2; packed++)
                {
                    foreach (var tokens in Enumerable.Range(1, 13).Append(27))
                    {
                        AssertBits.Equal(
                            ProductRuns.Run(pool, weights.Managed, input, tokens, ActivationType.Int8),
                            ProductRuns.Run(pool, weights.Emitted, input, tokens, ActivationType.Int8),
                            $"{dtype}, {rows} × {columns}, {tokens} tokens, {(packed == 0 ? "rows" : "panels")}");
                    }

                    panels?.Pack(CancellationToken.None);
                }
            }
        }
    }

    [Theory]
    [InlineData(DType.Q4_0)]
    [InlineData(DType.Q8_0)]
    [InlineData(DType.IQ4_NL)]
    [InlineData(DType.INT4_G32)]
    public void Pairs_of_panels_have_the_bits_of_the_managed_loops_over_one_block_of_columns_or_more(DType dtype)
    {
        SkipUnlessEmitted();
        Assert.True(PanelCodecs.Find(dtype)!.Kernels.HasPairs, "expected kernels for two panels");
        using var pool = new ComputePool(2);
        foreach (var columns in new[] { 32, 1408, 16544 })
        {
            using var weights = LevelPair.Random(dtype, 48, columns); // a pair, and one that is left
            using var input = ProductRuns.RandomInput(71, columns);
            foreach (var tokens in new[] { PanelPairProduct.LeastItems - 1, PanelPairProduct.LeastItems, 65, 66, 71 })
            {
                AssertBits.Equal(
                    ProductRuns.Run(pool, weights.Managed, input, tokens, ActivationType.Int8),
                    ProductRuns.Run(pool, weights.Emitted, input, tokens, ActivationType.Int8),
                    $"{dtype}, {columns} columns, {tokens} tokens");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Views_share_the_panels_of_their_matrix(DType dtype)
    {
        SkipUnlessEmitted();
        using var pool = new ComputePool(1);
        using var weights = LevelPair.Random(dtype, 96, 512);
        using var input = ProductRuns.RandomInput(3, 512);
        WeightMatrix[] views = [weights.Emitted.RowRange(16, 48), weights.Emitted.RowRange(8, 32), weights.Emitted.RowRange(32, 64).RowRange(16, 16)];
        WeightMatrix[] expected = [weights.Managed.RowRange(16, 48), weights.Managed.RowRange(8, 32), weights.Managed.RowRange(48, 16)];
        using var panels = PanelStorage.Create([weights.Emitted])!;
        for (var packed = 0; packed < 2; packed++)
        {
            for (var i = 0; i < views.Length; i++)
            {
                AssertBits.Equal(
                    ProductRuns.Run(pool, expected[i], input, 3, ActivationType.Int8), ProductRuns.Run(pool, views[i], input, 3, ActivationType.Int8), $"view {i}");
            }

            Assert.True(panels.Pack(CancellationToken.None));
        }
    }

    [Fact]
    public void A_cancelled_packing_leaves_the_rows_in_use()
    {
        SkipUnlessEmitted();
        using var pool = new ComputePool(1);
        using var weights = LevelPair.Random(DType.Q4_0, 64, 256);
        using var input = ProductRuns.RandomInput(1, 256);
        var before = ProductRuns.Run(pool, weights.Emitted, input, 1, ActivationType.Int8);
        using var panels = PanelStorage.Create([weights.Emitted])!;
        Assert.False(panels.Pack(new CancellationToken(canceled: true)));
        AssertBits.Equal(before, ProductRuns.Run(pool, weights.Emitted, input, 1, ActivationType.Int8), "rows");
    }

    [Fact]
    public void Panels_take_no_more_than_two_hundredths_above_the_rows()
    {
        SkipUnlessEmitted();
        foreach (var dtype in Formats.Select(row => row.Data))
        {
            using var weights = LevelPair.Random(dtype, 64, 2048);
            var rows = weights.Emitted.StoredBytes;
            Assert.InRange(PanelStorage.Create([weights.Emitted])!.Bytes, rows, rows * 1.02);
        }
    }

    internal static void SkipUnlessEmitted() =>
        Assert.SkipUnless(IsaLevels.IsSupported(IsaLevel.Avx512Vnni), "this processor has no AVX512-VNNI");
}
