using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;
using Products = Crescent.Kernels.MatMul.MatMul;

namespace Crescent.Kernels.Tests.MatMul;

public sealed class MatMulArgumentTests : IDisposable
{
    private readonly ComputePool _pool = new(1);
    private readonly TestMatrix _weights = TestMatrix.Random(DType.Q4_0, 16, 64, IsaLevel.Portable);
    private readonly Activations _input = new(4, 64) { Rows = 4 };
    private readonly AlignedBuffer<float> _output = new(64);

    public void Dispose()
    {
        _pool.Dispose();
        _weights.Dispose();
        _input.Dispose();
        _output.Dispose();
    }

    [Fact]
    public void A_fitting_job_runs() => Run(Job());

    [Fact]
    public void Input_of_other_columns_is_refused()
    {
        using var narrow = new Activations(4, 32) { Rows = 4 };
        Refused(Job() with { Input = narrow }, "take input of 64 columns; found 32");
        Refused(Job() with { Transposed = true }, "take input of 16 columns; found 64");
    }

    [Fact]
    public void Input_rows_outside_the_input_are_refused()
    {
        Refused(Job() with { Count = 5 }, "0..4", "the input has 4 rows");
        Refused(Job() with { InputStart = -1 }, "-1..");
        Refused(Job() with { InputStart = 4, InputStride = 0 }, "4..4");
        Refused(Job() with { InputStride = int.MaxValue }, "4 rows");
        Refused(Job() with { InputStride = int.MinValue }, "4 rows");
        Refused(Job() with { InputRows = [0, 1, 2] }, "not in a list of 3");
        Refused(Job() with { InputRows = [0, 1, 2, 3], InputRowsStart = 1 }, "1..5");
        Refused(Job() with { InputRows = [0, 1, 2, 3], InputRowsStart = -1 }, "-1..");
        Refused(Job() with { InputRows = [0, 1, 4, 3] }, "holds 4");
        Refused(Job() with { InputRows = [0, 1, -4, 3] }, "holds -4");
    }

    [Fact]
    public void Outputs_outside_the_buffer_are_refused()
    {
        Refused(Job() with { OutputStart = 1 }, "leave a buffer of 64 floats");
        Refused(Job() with { OutputStart = -1 }, "from -1");
        Refused(Job() with { OutputStride = 17 }, "a stride of 17");
        Refused(Job() with { OutputStride = long.MaxValue }, "leave a buffer");
        Refused(Job() with { OutputStart = long.MaxValue }, "leave a buffer");
        Refused(Job() with { OutputStride = 15 }, "overlap at a stride of 15");
    }

    [Fact]
    public void Missing_parts_and_odd_counts_are_refused()
    {
        Refused(Job() with { Weights = null! }, "Weights is missing");
        Refused(Job() with { Input = null! }, "Input is missing");
        Refused(Job() with { Output = null! }, "Output is missing");
        Refused(Job() with { Count = -1 }, "the count is -1");
        var exception = Assert.Throws<ArgumentException>(() => Products.Run(_pool, [Job()], (ActivationType)7));
        Assert.Contains("activation type 7", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_job_keeps_the_others_from_running()
    {
        _input.Row(0).Fill(1);
        Assert.Throws<ArgumentException>(() => Products.Run(_pool, [Job(), Job() with { Count = 5 }], ActivationType.Int8));
        Assert.All(_output.Span(0, 64).ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Weights_that_do_not_fit_their_bytes_are_refused_with_both_sizes()
    {
        using var bytes = new AlignedBuffer<byte>(100);
        var exception = Assert.Throws<ArgumentException>(() => WeightMatrix.Create(DType.Q4_0, bytes.Bytes, 3, 64, IsaLevel.Portable));
        Assert.Contains("3 × 64 take 108 bytes; found 100", exception.Message, StringComparison.Ordinal);
        exception = Assert.Throws<ArgumentException>(() => WeightMatrix.Create(DType.Q4_0, bytes.Bytes, 3, 48, IsaLevel.Portable));
        Assert.Contains("48 columns", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.Create(DType.F32, bytes.Bytes, 0, 25, IsaLevel.Portable));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.Create(DType.F32, bytes.Bytes, 1, -25, IsaLevel.Portable));
        Assert.Throws<NotSupportedException>(() => WeightMatrix.Create(DType.F32, bytes.Bytes, 1, 25, (IsaLevel)9));
        var unsupported = Assert.Throws<NotSupportedException>(() => WeightMatrix.Create(DType.I64, bytes.Bytes, 1, 12, IsaLevel.Portable));
        Assert.Contains("I64", unsupported.Message, StringComparison.Ordinal);
        Assert.Contains("Q6_K", unsupported.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_outside_a_matrix_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _weights.Matrix.RowRange(10, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => _weights.Matrix.RowRange(-1, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => _weights.Matrix.RowRange(1, int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => _weights.Matrix.DecodeRow(16, new float[64]));
        Assert.Throws<ArgumentException>(() => _weights.Matrix.DecodeRow(0, new float[63]));
    }

    [Fact]
    public void Activations_keep_their_bounds()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _input.Rows = 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => _input.Rows = -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Activations(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Activations(4, 0));
        using var odd = new Activations(1, 33) { Rows = 1 };
        Assert.Throws<InvalidOperationException>(() => odd.Quantize(_pool));
    }

    [Fact]
    public void Changed_values_are_seen_after_invalidating()
    {
        _input.Values.Span(0, 256).Fill(1);
        Run(Job());
        var first = _output[0];
        _input.Values.Span(0, 256).Fill(2);
        _input.Invalidate();
        Run(Job());
        Assert.Equal(2 * first, _output[0]);
    }

    private MatMulJob Job() => new()
    {
        Weights = _weights.Matrix,
        Input = _input,
        InputStride = 1,
        Count = 4,
        Output = _output,
        OutputStride = 16,
    };

    private void Run(MatMulJob job) => Products.Run(_pool, [job], ActivationType.Int8);

    private void Refused(MatMulJob job, params string[] parts)
    {
        var exception = Assert.Throws<ArgumentException>(() => Run(job));
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }
}
