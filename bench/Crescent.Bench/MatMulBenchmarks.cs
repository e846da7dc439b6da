using BenchmarkDotNet.Attributes;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Bench;

/// <summary>One matrix times a few input rows, for every fast format: decode is one row and larger than the caches, prefill many rows.</summary>
[MemoryDiagnoser]
public class MatMulBenchmarks : IDisposable
{
    private const int Columns = 2048;

    private ComputePool _pool = null!;
    private AlignedBuffer<byte> _codes = null!;
    private AlignedBuffer<byte> _scales = null!;
    private Activations _input = null!;
    private AlignedBuffer<float> _output = null!;
    private MatMulJob[] _jobs = null!;

    [Params(DType.Q4_0, DType.Q8_0, DType.Q4_K, DType.Q6_K, DType.IQ4_XS, DType.F32, DType.F16, DType.BF16, DType.INT4_G32, DType.MXFP4_SPLIT, DType.F8_E4M3, DType.INT8_KN)]
    public DType Type { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Matrix rows × input rows.</summary>
    [Params("131072x1", "2048x512")]
    public string Shape { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var sizes = Shape.Split('x').Select(int.Parse).ToArray();
        var (rows, items) = (sizes[0], sizes[1]);
        _pool = new ComputePool(Threads);
        _codes = Filled(rows * Type.Layout().RowBytes(Columns));
        _scales = Filled(ScaleBytes(rows));
        _input = new Activations(items, Columns) { Rows = items };
        _output = new AlignedBuffer<float>((long)rows * items);
        var random = new Random(1);
        for (long i = 0; i < _input.Values.Length; i++)
        {
            _input.Values[i] = random.NextSingle() - 0.5f;
        }

        _jobs =
        [
            new MatMulJob
            {
                Weights = WeightMatrix.Create(new MatrixBytes(Type, _codes.Bytes, _scales.Bytes, rows, Columns), IsaLevels.Best),
                Input = _input,
                InputStride = 1,
                Count = items,
                Output = _output,
                OutputStride = rows,
            },
        ];
    }

    [Benchmark]
    public void Multiply()
    {
        _input.Invalidate();
        MatMul.Run(_pool, _jobs, ActivationType.Int8);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        _codes.Dispose();
        _scales.Dispose();
        _input.Dispose();
        _output.Dispose();
        GC.SuppressFinalize(this);
    }

    private long ScaleBytes(long rows) => Type switch
    {
        DType.INT4_G32 => rows * (Columns / 32) * sizeof(ushort),
        DType.MXFP4_SPLIT => rows * (Columns / 32),
        DType.F8_E4M3 => (rows + 127) / 128 * (Columns / 128) * sizeof(float),
        DType.INT8_KN => rows * sizeof(ushort),
        _ => 0,
    };

    // Bytes that are ordinary numbers in every format: neither NaN nor subnormal.
    private static AlignedBuffer<byte> Filled(long length)
    {
        var buffer = new AlignedBuffer<byte>(length, clear: false);
        var random = new Random(2);
        for (long i = 0; i < length; i++)
        {
            buffer[i] = (byte)(0x30 | random.Next(16));
        }

        return buffer;
    }
}
