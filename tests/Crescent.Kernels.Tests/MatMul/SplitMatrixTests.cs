using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>Every format whose scales lie apart × instruction-set level, against scalar decodes and products.</summary>
public class SplitMatrixTests
{
    public static TheoryData<DType, IsaLevel> Formats
    {
        get
        {
            var data = new TheoryData<DType, IsaLevel>();
            foreach (var dtype in DTypes.Split)
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
    public void Rows_decode_to_the_reference_values(DType dtype, IsaLevel isa)
    {
        foreach (var (rows, columns, groups) in Shapes(dtype))
        {
            using var weights = SplitMatrix.Random(dtype, rows, columns, isa, groups);
            var values = new float[columns];
            for (var row = 0; row < rows; row++)
            {
                weights.Matrix.DecodeRow(row, values);
                AssertBits.Equal(weights.Row(row), values, $"{rows} × {columns} row {row}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_agree_with_a_scalar_product(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var (rows, columns, groups) in Shapes(dtype))
        {
            using var weights = SplitMatrix.Random(dtype, rows, columns, isa, groups, seed: columns);
            using var input = ProductRuns.RandomInput(4, columns);
            foreach (var activations in Enum.GetValues<ActivationType>())
            {
                var quantized = activations == ActivationType.Int8 && weights.Matrix.IsQuantized;
                var output = ProductRuns.Run(pool, weights.Matrix, input, 4, activations);
                for (var token = 0; token < 4; token++)
                {
                    var x = quantized ? ReferenceQuantizer.RoundTrip(input.Row(token)) : input.Row(token).ToArray();
                    for (var row = 0; row < rows; row++)
                    {
                        CheckProduct(weights.Row(row), x, output[(token * rows) + row], $"{rows} × {columns}, {activations}, row {row}, token {token}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_do_not_depend_on_the_batch_the_rows_or_the_threads(DType dtype, IsaLevel isa)
    {
        using var one = new ComputePool(1);
        using var three = new ComputePool(3, 3);
        foreach (var (rows, columns, groups) in Shapes(dtype))
        {
            using var weights = SplitMatrix.Random(dtype, rows, columns, isa, groups);
            using var input = ProductRuns.RandomInput(67, columns);
            foreach (var activations in Enum.GetValues<ActivationType>())
            {
                var all = ProductRuns.Run(one, weights.Matrix, input, 67, activations);
                foreach (var tokens in new[] { 1, 2, 3, 8, 17, 67 })
                {
                    AssertBits.Equal(all.AsSpan(0, tokens * rows), ProductRuns.Run(three, weights.Matrix, input, tokens, activations), $"{rows} × {columns}, {tokens} tokens");
                }

                for (var row = 0; row < rows; row += 1 + (rows / 9))
                {
                    var alone = ProductRuns.Run(one, weights.Matrix.RowRange(row, 1), input, 1, activations);
                    AssertBits.Equal(all.AsSpan(row, 1), alone, $"{rows} × {columns}, row {row}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_range_of_rows_is_the_matrix_of_those_rows(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        using var weights = SplitMatrix.Random(dtype, 300, 192, isa, 3);
        using var input = ProductRuns.RandomInput(5, 192);
        var values = new float[192];
        var ranges = new (int First, int Rows)[] { (0, 300), (100, 60), (127, 2), (128, 128), (299, 1), (17, 250) };
        foreach (var activations in Enum.GetValues<ActivationType>())
        {
            var all = ProductRuns.Run(pool, weights.Matrix, input, 5, activations);
            foreach (var (first, rows) in ranges)
            {
                // The same range directly, and as a range of a range.
                foreach (var range in new[] { weights.Matrix.RowRange(first, rows), weights.Matrix.RowRange(first / 2, 300 - (first / 2)).RowRange(first - (first / 2), rows) })
                {
                    var output = ProductRuns.Run(pool, range, input, 5, activations);
                    for (var token = 0; token < 5; token++)
                    {
                        AssertBits.Equal(all.AsSpan((300 * token) + first, rows), output.AsSpan(rows * token, rows), $"rows {first}+{rows}, token {token}");
                    }

                    range.DecodeRow(rows - 1, values);
                    AssertBits.Equal(weights.Row(first + rows - 1), values, $"rows {first}+{rows}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Transposed_products_sum_row_by_row(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(2);
        var fused = isa != IsaLevel.Portable || System.Runtime.Intrinsics.X86.Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;
        foreach (var (rows, columns, groups) in Shapes(dtype))
        {
            using var weights = SplitMatrix.Random(dtype, rows, columns, isa, groups);
            using var input = ProductRuns.RandomInput(2, rows);
            var output = ProductRuns.Run(pool, weights.Matrix, input, 2, ActivationType.Int8, transposed: true);
            var sums = new float[columns];
            for (var row = 0; row < rows; row++)
            {
                var (x, w) = (input.Row(1)[row], weights.Row(row));
                for (var i = 0; i < columns; i++)
                {
                    sums[i] = fused ? MathF.FusedMultiplyAdd(x, w[i], sums[i]) : (x * w[i]) + sums[i];
                }
            }

            AssertBits.Equal(sums, output.AsSpan(columns, columns), $"{rows} × {columns}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Levels_agree_bit_for_bit_where_the_processor_fuses(DType dtype, IsaLevel isa)
    {
        Assert.SkipUnless(IsaLevels.IsSupported(IsaLevel.Avx2), "without FMA the portable level rounds twice");
        using var pool = new ComputePool(1);
        foreach (var (rows, columns, groups) in Shapes(dtype))
        {
            using var portable = SplitMatrix.Random(dtype, rows, columns, IsaLevel.Portable, groups);
            using var other = SplitMatrix.Random(dtype, rows, columns, isa, groups);
            ProductRuns.AssertSame(pool, portable.Matrix, other.Matrix, ActivationType.Int8, ActivationType.F32);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Inputs_that_are_not_numbers_make_outputs_that_are_not(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        using var weights = SplitMatrix.Random(dtype, 9, 192, isa);
        using var input = ProductRuns.RandomInput(6, 192);
        input.Row(1)[5] = float.NaN;
        input.Row(4)[191] = float.PositiveInfinity;
        foreach (var activations in Enum.GetValues<ActivationType>())
        {
            input.Invalidate();
            var output = ProductRuns.Run(pool, weights.Matrix, input, 6, activations);
            Assert.All(output[9..18], value => Assert.True(float.IsNaN(value)));
            Assert.All(output[36..45], value => Assert.False(float.IsFinite(value)));
            Assert.All(output[..9], value => Assert.True(float.IsFinite(value)));
            Assert.All(output[45..], value => Assert.True(float.IsFinite(value)));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Extreme_codes_do_not_overflow(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var fill in new byte[] { 0x00, 0x7E, 0x77, 0x80, 0xFE, 0xFF })
        {
            if (dtype == DType.F8_E4M3 && fill == 0xFF)
            {
                continue; // NaN
            }

            using var shape = SplitMatrix.Random(dtype, 17, 512, isa);
            var codes = new byte[shape.Codes.Length];
            codes.AsSpan().Fill(fill);
            using var weights = SplitMatrix.Of(dtype, codes, shape.Scales, 17, 512, isa);
            using var input = new Activations(5, 512) { Rows = 5 };
            input.Values.Span(0, 5 * 512).Fill(-127);
            var output = ProductRuns.Run(pool, weights.Matrix, input, 5, ActivationType.Int8);
            for (var i = 0; i < output.Length; i++)
            {
                CheckProduct(weights.Row(i % 17), [.. Enumerable.Repeat(-127f, 512)], output[i], $"0x{fill:X2}, output {i}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Stored_bytes_are_codes_and_scales_of_the_rows(DType dtype, IsaLevel isa)
    {
        using var weights = SplitMatrix.Random(dtype, 256, 192, isa, 3);
        Assert.Equal(weights.Codes.Length + weights.Scales.Length, weights.Matrix.StoredBytes);
        Assert.Equal((weights.Codes.Length + weights.Scales.Length) / 2, weights.Matrix.RowRange(128, 128).StoredBytes);
        Assert.Equal(weights.Codes.Length, weights.Matrix.Rows * weights.Matrix.RowBytes);
    }

    [Fact]
    public void Every_fp8_code_decodes_in_vectors_and_alone()
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Select(i => (byte)i), .. Enumerable.Range(0, 256).Select(i => (byte)(i + 13))];
        byte[] scales = [.. Enumerable.Range(0, 4).SelectMany(_ => BitConverter.GetBytes(1f))];
        using var vectors = SplitMatrix.Of(DType.F8_E4M3, codes, scales, 1, 512, IsaLevel.Portable);
        using var alone = SplitMatrix.Of(DType.F8_E4M3, codes, scales, 512, 1, IsaLevel.Portable);
        var (row, value) = (new float[512], new float[1]);
        vectors.Matrix.DecodeRow(0, row);
        for (var i = 0; i < 512; i++)
        {
            alone.Matrix.DecodeRow(i, value);
            var expected = SplitReference.Fp8(codes[i]);
            Assert.Equal((expected, expected), (row[i], value[0]));
            Assert.Equal(codes[i] is 0x7F or 0xFF, float.IsNaN(row[i]));
        }

        Assert.Equal(448, SplitReference.Fp8(0x7E));
    }

    [Fact]
    public void An_fp8_code_that_is_not_a_number_spoils_its_row_alone()
    {
        using var pool = new ComputePool(1);
        using var random = SplitMatrix.Random(DType.F8_E4M3, 6, 300, IsaLevel.Portable);
        var codes = (byte[])random.Codes.Clone();
        (codes[300 + 17], codes[(3 * 300) + 299]) = (0x7F, 0xFF); // in a whole vector, and in what is left after them
        using var weights = SplitMatrix.Of(DType.F8_E4M3, codes, random.Scales, 6, 300, IsaLevel.Portable);
        using var input = ProductRuns.RandomInput(5, 300);
        foreach (var tokens in new[] { 1, 2, 5 })
        {
            var output = ProductRuns.Run(pool, weights.Matrix, input, tokens, ActivationType.Int8);
            for (var i = 0; i < output.Length; i++)
            {
                Assert.Equal(i % 6 is 1 or 3, float.IsNaN(output[i]));
            }
        }
    }

    // (rows, columns, groups): around every vector, tile, block and panel; ragged tiles and panels.
    private static (int Rows, int Columns, int Groups)[] Shapes(DType dtype) => dtype switch
    {
        DType.F8_E4M3 => [(1, 1, 1), (3, 7, 1), (17, 33, 1), (130, 128, 1), (576, 200, 1), (9, 300, 1)],
        DType.INT8_KN => [(1, 32, 1), (7, 64, 2), (17, 96, 1), (300, 192, 3), (128, 384, 1), (9, 40, 2), (24, 60, 3), (5, 7, 1), (131, 310, 2)],
        _ => [(1, 32, 1), (7, 64, 1), (17, 96, 1), (33, 288, 1), (16, 2080, 1), (70, 512, 1)],
    };

    private static void CheckProduct(float[] w, float[] x, float found, string where)
    {
        var expected = 0d;
        var magnitude = 0d;
        for (var i = 0; i < w.Length; i++)
        {
            expected += (double)w[i] * x[i];
        }

        for (var group = 0; group < w.Length; group += 32)
        {
            var end = Math.Min(group + 32, w.Length);
            magnitude += 32 * 2 * (double)w[group..end].Max(Math.Abs) * x[group..end].Max(Math.Abs);
        }

        // One rounding for each group added, in units of the largest partial sum.
        var bound = ((w.Length / 32) + 16) * Math.Pow(2, -24) * magnitude;
        Assert.True(Math.Abs(expected - found) <= bound, $"{where}: found {found}, expected {expected}, bound {bound}");
    }
}
