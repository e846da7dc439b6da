using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;
using Crescent.Tests;
using Xunit;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>A weight matrix with its memory, and its values by the reference decode.</summary>
internal sealed class TestMatrix : IDisposable
{
    private readonly AlignedBuffer<byte> _memory;

    private TestMatrix(DType dtype, byte[] bytes, int rows, int columns, IsaLevel isa)
    {
        SkipUnlessRunnable(isa);
        _memory = new AlignedBuffer<byte>(bytes.Length);
        bytes.CopyTo(_memory.Span(0, bytes.Length));
        Matrix = WeightMatrix.Create(dtype, _memory.Bytes, rows, columns, isa);
        Bytes = bytes;
    }

    public WeightMatrix Matrix { get; }

    public byte[] Bytes { get; }

    public static TestMatrix Of(DType dtype, byte[] bytes, int rows, int columns, IsaLevel isa) => new(dtype, bytes, rows, columns, isa);

    /// <summary>Random blocks with scales of ordinary size.</summary>
    public static TestMatrix Random(DType dtype, int rows, int columns, IsaLevel isa, int seed = 1)
    {
        var random = new Random(seed);
        var bytes = new byte[rows * dtype.Layout().RowBytes(columns)];
        if (dtype.Layout().BlockLength == 1)
        {
            var values = Enumerable.Range(0, rows * columns).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
            RowCodec.Encode(dtype, values, bytes);
            return new TestMatrix(dtype, bytes, rows, columns, isa);
        }

        random.NextBytes(bytes);
        var blockBytes = dtype.Layout().BlockBytes;
        for (var block = 0; block < bytes.Length; block += blockBytes)
        {
            TestBlocks.SetScales(dtype, bytes.AsSpan(block, blockBytes), RandomHalf(random), RandomHalf(random));
        }

        return new TestMatrix(dtype, bytes, rows, columns, isa);
    }

    public static void SkipUnlessRunnable(IsaLevel isa)
    {
        // AVX-512 loops run on AVX2 halves where the processor has no more; emitted kernels give way to them.
        var needed = isa is IsaLevel.Avx512 or IsaLevel.Avx512Vnni ? IsaLevel.Avx2 : isa;
        Assert.SkipUnless(IsaLevels.IsSupported(needed), $"this processor cannot run {needed}");
    }

    /// <summary>A row by the reference decode.</summary>
    public float[] Row(int row)
    {
        var values = new float[Matrix.Columns];
        RowCodec.Decode(Matrix.DType, Bytes.AsSpan((int)(row * Matrix.RowBytes), (int)Matrix.RowBytes), values);
        return values;
    }

    public void Dispose() => _memory.Dispose();

    private static Half RandomHalf(Random random) => (Half)((random.NextSingle() * 0.2f) - 0.1f);
}
