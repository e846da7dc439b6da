using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;
using Crescent.Kernels.Threading;
using Crescent.Tests;
using Xunit;
using Products = Crescent.Kernels.MatMul.MatMul;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>Every format × instruction-set level, walking the table of formats.</summary>
public class MatMulTests
{
    private const int MaxRows = 17;
    private const int MaxTokens = 9;

    public static TheoryData<DType, IsaLevel> Formats
    {
        get
        {
            var data = new TheoryData<DType, IsaLevel>();
            foreach (var dtype in RowCodec.Supported)
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
    public void Products_agree_with_a_scalar_product_and_do_not_depend_on_the_batch(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var columns in RowLengths(dtype))
        {
            using var weights = TestMatrix.Random(dtype, MaxRows, columns, isa, columns);
            using var input = RandomInput(MaxTokens, columns);
            foreach (var activations in Enum.GetValues<ActivationType>())
            {
                var alone = Alone(pool, weights, input, activations);
                CheckAgainstScalar(weights, input, activations, alone);
                for (var rows = 1; rows <= MaxRows; rows++)
                {
                    for (var tokens = 1; tokens <= MaxTokens; tokens++)
                    {
                        CheckBatch(pool, weights.Matrix.RowRange(0, rows), input, tokens, activations, alone);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Threads_strides_and_gathered_inputs_do_not_change_a_bit(DType dtype, IsaLevel isa)
    {
        var columns = RowLengths(dtype)[^1];
        using var weights = TestMatrix.Random(dtype, 70, columns, isa);
        using var input = RandomInput(24, columns);
        using var one = new ComputePool(1);
        int[] order = [-1, 7, 3, 3, 0, 23, 11];
        foreach (var activations in Enum.GetValues<ActivationType>())
        {
            var plain = Run(one, weights.Matrix, input, 24, activations);
            foreach (var threads in new[] { 1, 2, 3, 32 })
            {
                using var pool = new ComputePool(threads, threads);
                AssertBits.Equal(plain, Run(pool, weights.Matrix, input, 24, activations), $"{threads} threads");

                using var output = new AlignedBuffer<float>(2000);
                var jobs = new[]
                {
                    new MatMulJob { Weights = weights.Matrix, Input = input, InputStart = 1, InputStride = 5, Count = 5, Output = output, OutputStart = 3, OutputStride = 75 },
                    new MatMulJob { Weights = weights.Matrix, Input = input, InputRows = order, InputRowsStart = 1, Count = 6, Output = output, OutputStart = 500, OutputStride = 70 },
                    new MatMulJob { Weights = weights.Matrix, Input = input, Count = 0, Output = output },
                    new MatMulJob { Weights = weights.Matrix.RowRange(33, 30), Input = input, InputStart = 20, InputStride = -4, Count = 6, Output = output, OutputStart = 1000, OutputStride = 31 },
                };
                Products.Run(pool, jobs, activations);
                for (var item = 0; item < 5; item++)
                {
                    AssertBits.Equal(plain.AsSpan(70 * (1 + (5 * item)), 70), output.Span(3 + (75 * item), 70), $"strided item {item}");
                }

                for (var item = 0; item < 6; item++)
                {
                    AssertBits.Equal(plain.AsSpan(70 * order[item + 1], 70), output.Span(500 + (70 * item), 70), $"gathered item {item}");
                    AssertBits.Equal(plain.AsSpan((70 * (20 - (4 * item))) + 33, 30), output.Span(1000 + (31 * item), 30), $"row range item {item}");
                }

                Assert.Equal(0, output[2]);
                Assert.Equal(0, output[73]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Transposed_products_sum_row_by_row(DType dtype, IsaLevel isa)
    {
        TestMatrix.SkipUnlessRunnable(isa);
        using var pool = new ComputePool(2);
        foreach (var columns in RowLengths(dtype))
        {
            foreach (var rows in new[] { 1, 31, 33, 70 })
            {
                using var weights = TestMatrix.Random(dtype, rows, columns, isa);
                using var input = RandomInput(7, rows);
                using var output = new AlignedBuffer<float>(7L * (columns + 1));
                output.Span(0, 7 * (columns + 1)).Fill(5);
                MatMulJob[] jobs = [new() { Weights = weights.Matrix, Input = input, InputStride = 1, Count = 7, Output = output, OutputStride = columns + 1, Transposed = true }];
                Products.Run(pool, jobs, ActivationType.Int8);
                for (var item = 0; item < 7; item++)
                {
                    AssertBits.Equal(Transposed(weights, input.Row(item), isa), output.Span(item * (columns + 1L), columns), $"{rows} × {columns} item {item}");
                    Assert.Equal(5, output[(item * (columns + 1L)) + columns]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Levels_agree_bit_for_bit_where_the_processor_fuses(DType dtype, IsaLevel isa)
    {
        Assert.SkipUnless(IsaLevels.IsSupported(IsaLevel.Avx2), "without FMA the portable level rounds twice");
        using var pool = new ComputePool(1);
        var columns = RowLengths(dtype)[^1];
        using var input = RandomInput(5, columns);
        using var portable = TestMatrix.Random(dtype, MaxRows, columns, IsaLevel.Portable);
        using var other = TestMatrix.Random(dtype, MaxRows, columns, isa);
        foreach (var activations in Enum.GetValues<ActivationType>())
        {
            AssertBits.Equal(Run(pool, portable.Matrix, input, 5, activations), Run(pool, other.Matrix, input, 5, activations));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Inputs_that_are_not_numbers_make_outputs_that_are_not(DType dtype, IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        var columns = RowLengths(dtype)[^1];
        using var weights = TestMatrix.Random(dtype, 9, columns, isa);
        using var input = RandomInput(6, columns);
        input.Row(1)[5] = float.NaN;
        input.Row(4)[columns - 1] = float.PositiveInfinity;
        foreach (var activations in Enum.GetValues<ActivationType>())
        {
            var output = Run(pool, weights.Matrix, input, 6, activations);
            Assert.All(output[9..18], value => Assert.True(float.IsNaN(value)));
            Assert.All(output[36..45], value => Assert.False(float.IsFinite(value)));
            Assert.All(output[..9], value => Assert.True(float.IsFinite(value)));
            Assert.All(output[45..], value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void Extreme_codes_do_not_overflow()
    {
        // Every code and every activation at the end of its range: the case that 16-bit partial sums must survive.
        using var pool = new ComputePool(1);
        foreach (var dtype in RowCodec.Supported.Where(dtype => dtype.Layout().BlockLength > 1))
        {
            foreach (var isa in Enum.GetValues<IsaLevel>().Where(isa => isa == IsaLevel.Portable || IsaLevels.IsSupported(IsaLevel.Avx2)))
            {
                foreach (var fill in Fills(dtype))
                {
                    using var weights = ExtremeMatrix(dtype, isa, fill);
                    foreach (var sign in new[] { 1f, -1f })
                    {
                        using var input = new Activations(5, 512) { Rows = 5 };
                        input.Values.Span(0, 5 * 512).Fill(sign * 127);
                        var output = Run(pool, weights.Matrix, input, 5, ActivationType.Int8);
                        var expected = weights.Row(0).Sum(value => (double)value) * sign * 127;
                        Assert.All(output, value => Assert.Equal(expected, value, Math.Abs(expected) * 1e-5));
                    }
                }
            }
        }
    }

    // An index into a code-book says nothing about the size of its entry: every byte is tried.
    private static IEnumerable<byte> Fills(DType dtype) =>
        dtype is DType.IQ1_S or DType.IQ1_M or DType.IQ2_XXS or DType.IQ2_XS or DType.IQ2_S or DType.IQ3_XXS or DType.IQ3_S
            ? Enumerable.Range(0, 256).Select(fill => (byte)fill)
            : [0x00, 0x7F, 0x80, 0xFF];

    private static TestMatrix ExtremeMatrix(DType dtype, IsaLevel isa, byte fill)
    {
        var bytes = new byte[17 * dtype.Layout().RowBytes(512)];
        bytes.AsSpan().Fill(fill);
        for (var block = 0; block < bytes.Length; block += dtype.Layout().BlockBytes)
        {
            TestBlocks.SetScales(dtype, bytes.AsSpan(block, dtype.Layout().BlockBytes), (Half)1f, (Half)0.5f);
        }

        return TestMatrix.Of(dtype, bytes, 17, 512, isa);
    }

    private static int[] RowLengths(DType dtype) => dtype.Layout().BlockLength switch
    {
        1 => [1, 7, 16, 17, 33, 64, 300],
        var block => [block, 2 * block, 3 * block, (2048 / block * block) + block, 9 * block],
    };

    private static Activations RandomInput(int rows, int columns)
    {
        var random = new Random(rows + columns);
        var input = new Activations(rows, columns) { Rows = rows };
        foreach (ref var value in input.Values.Span(0, rows * columns))
        {
            value = (random.NextSingle() * 4) - 2;
        }

        if (columns >= 64)
        {
            input.Row(0).Slice(32, 32).Clear();
        }

        return input;
    }

    // [tokens, rows], one run.
    private static float[] Run(ComputePool pool, WeightMatrix weights, Activations input, int tokens, ActivationType activations)
    {
        using var output = new AlignedBuffer<float>((long)tokens * weights.Rows);
        MatMulJob[] jobs = [new() { Weights = weights, Input = input, InputStride = 1, Count = tokens, Output = output, OutputStride = weights.Rows }];
        Products.Run(pool, jobs, activations);
        return output.Span(0, tokens * weights.Rows).ToArray();
    }

    // [tokens, rows], each output by a run of its own.
    private static float[] Alone(ComputePool pool, TestMatrix weights, Activations input, ActivationType activations)
    {
        using var output = new AlignedBuffer<float>(MaxTokens * MaxRows);
        for (var token = 0; token < MaxTokens; token++)
        {
            for (var row = 0; row < MaxRows; row++)
            {
                MatMulJob[] jobs =
                [
                    new() { Weights = weights.Matrix.RowRange(row, 1), Input = input, InputStart = token, Count = 1, Output = output, OutputStart = (token * MaxRows) + row },
                ];
                Products.Run(pool, jobs, activations);
            }
        }

        return output.Span(0, MaxTokens * MaxRows).ToArray();
    }

    private static void CheckBatch(ComputePool pool, WeightMatrix weights, Activations input, int tokens, ActivationType activations, float[] alone)
    {
        var stride = weights.Rows + 1;
        using var output = new AlignedBuffer<float>((long)tokens * stride);
        output.Span(0, tokens * stride).Fill(5);
        MatMulJob[] jobs = [new() { Weights = weights, Input = input, InputStride = 1, Count = tokens, Output = output, OutputStride = stride }];
        Products.Run(pool, jobs, activations);
        for (var token = 0; token < tokens; token++)
        {
            AssertBits.Equal(alone.AsSpan(token * MaxRows, weights.Rows), output.Span(token * stride, weights.Rows), $"{weights.Rows} rows, token {token} of {tokens},");
            Assert.Equal(5, output[(token * stride) + weights.Rows]);
        }
    }

    private static void CheckAgainstScalar(TestMatrix weights, Activations input, ActivationType activations, float[] products)
    {
        var columns = weights.Matrix.Columns;
        var quantized = activations == ActivationType.Int8 && weights.Matrix.DType.Layout().BlockLength > 1;
        for (var token = 0; token < MaxTokens; token++)
        {
            var x = quantized ? ReferenceQuantizer.RoundTrip(input.Row(token)) : input.Row(token).ToArray();
            for (var row = 0; row < MaxRows; row++)
            {
                var w = weights.Row(row);
                var expected = 0d;
                for (var i = 0; i < columns; i++)
                {
                    expected += (double)w[i] * x[i];
                }

                var difference = Math.Abs(expected - products[(token * MaxRows) + row]);
                var bound = Bound(w, x);
                Assert.True(difference <= bound, $"{columns} columns, {activations}, row {row}, token {token}: off by {difference}, bound {bound}");
            }
        }
    }

    /// <summary>
    /// One rounding for each group added, in units of the largest partial sum. A format with minima adds products and minima apart, each up to
    /// twice what the values show.
    /// </summary>
    private static double Bound(float[] w, float[] x)
    {
        var magnitude = 0d;
        for (var group = 0; group < w.Length; group += 32)
        {
            var end = Math.Min(group + 32, w.Length);
            magnitude += 32 * 2 * (double)w[group..end].Max(Math.Abs) * x[group..end].Max(Math.Abs);
        }

        return ((w.Length / 32) + 16) * Math.Pow(2, -24) * magnitude;
    }

    private static float[] Transposed(TestMatrix weights, ReadOnlySpan<float> input, IsaLevel isa)
    {
        var sums = new float[weights.Matrix.Columns];
        var fused = isa != IsaLevel.Portable || System.Runtime.Intrinsics.X86.Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;
        for (var row = 0; row < weights.Matrix.Rows; row++)
        {
            var w = weights.Row(row);
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] = fused ? MathF.FusedMultiplyAdd(input[row], w[i], sums[i]) : (input[row] * w[i]) + sums[i];
            }
        }

        return sums;
    }
}
