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
    private AlignedBuffer<byte> _bytes = null!;
    private Activations _input = null!;
    private AlignedBuffer<float> _output = null!;
    private MatMulJob[] _jobs = null!;

    [Params(DType.Q4_0, DType.Q8_0, DType.Q4_K, DType.Q6_K, DType.IQ4_XS, DType.BF16)]
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
        _bytes = new AlignedBuffer<byte>(rows * Type.Layout().RowBytes(Columns));
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
                Weights = WeightMatrix.Create(Type, _bytes.Bytes, rows, Columns, IsaLevels.Best),
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
        _bytes.Dispose();
        _input.Dispose();
        _output.Dispose();
        GC.SuppressFinalize(this);
    }
}
