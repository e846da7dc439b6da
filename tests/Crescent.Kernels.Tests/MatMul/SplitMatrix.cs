using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>A weight matrix whose scales lie apart, with its memory.</summary>
internal sealed class SplitMatrix : IDisposable
{
    private readonly AlignedBuffer<byte> _codes;
    private readonly AlignedBuffer<byte> _scales;

    private SplitMatrix(DType dtype, byte[] codes, byte[] scales, int rows, int columns, IsaLevel isa)
    {
        TestMatrix.SkipUnlessRunnable(isa);
        (Codes, Scales) = (codes, scales);
        _codes = Native(codes);
        _scales = Native(scales);
        Bytes = new MatrixBytes(dtype, _codes.Bytes, _scales.Bytes, rows, columns);
        Matrix = WeightMatrix.Create(Bytes, isa);
    }

    public WeightMatrix Matrix { get; }

    public MatrixBytes Bytes { get; }

    public byte[] Codes { get; }

    public byte[] Scales { get; }

    public static SplitMatrix Of(DType dtype, byte[] codes, byte[] scales, int rows, int columns, IsaLevel isa) =>
        new(dtype, codes, scales, rows, columns, isa);

    /// <summary>Random codes with scales of ordinary size, of which 8 bits are significant (halves hold them too).</summary>
    /// <param name="groups">Groups of columns for <see cref="DType.INT8_KN"/>.</param>
    public static SplitMatrix Random(DType dtype, int rows, int columns, IsaLevel isa, int groups = 1, int seed = 1)
    {
        var random = new Random(seed);
        var codes = new byte[rows * dtype.Layout().RowBytes(columns)];
        random.NextBytes(codes);
        if (dtype == DType.F8_E4M3)
        {
            for (var i = 0; i < codes.Length; i++)
            {
                codes[i] = (codes[i] & 0x7F) == 0x7F ? (byte)0x7E : codes[i];
            }
        }

        byte[] scales = dtype switch
        {
            DType.F8_E4M3 => [.. Enumerable.Range(0, (rows + 127) / 128 * ((columns + 127) / 128)).SelectMany(_ => BitConverter.GetBytes(random.NextSingle() * 0.01f))],
            DType.MXFP4_SPLIT => [.. Enumerable.Range(0, rows * columns / 32).Select(_ => (byte)random.Next(120, 130))],
            DType.INT4_G32 => BFloat16(random, rows * columns / 32),
            _ => BFloat16(random, rows * groups),
        };
        return new SplitMatrix(dtype, codes, scales, rows, columns, isa);
    }

    /// <summary>A row by the reference decode.</summary>
    public float[] Row(int row) => SplitReference.Row(Bytes.DType, Codes, Scales, Bytes.Rows, Bytes.Columns, row);

    public void Dispose()
    {
        _codes.Dispose();
        _scales.Dispose();
    }

    internal static AlignedBuffer<byte> Native(byte[] bytes)
    {
        var memory = new AlignedBuffer<byte>(bytes.Length);
        bytes.CopyTo(memory.Span(0, bytes.Length));
        return memory;
    }

    private static byte[] BFloat16(Random random, int count) =>
        [.. Enumerable.Range(0, count).SelectMany(_ => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((random.NextSingle() * 0.2f) - 0.1f) >> 16)))];
}
