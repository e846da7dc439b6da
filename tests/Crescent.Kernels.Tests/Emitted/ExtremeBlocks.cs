using System.Buffers.Binary;

namespace Crescent.Kernels.Tests.Emitted;

/// <summary>Rows of blocks at the ends of what their bytes can say: codes and sub-scales all alike, scales of every kind.</summary>
internal sealed class ExtremeBlocks
{
    private static readonly byte[] s_fills = [0x00, 0x7F, 0x80, 0xFF, 0x0F, 0xF0, 0x77, 0x88];
    private static readonly byte[] s_exponents = [0, 1, 2, 254, 255];

    // Zeros, subnormals, the smallest normal one, ordinary ones.
    private static readonly ushort[] s_halves = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0xBC00, 0x2E66];
    private static readonly ushort[] s_bfloats = [0x0000, 0x8000, 0x0001, 0x807F, 0x0080, 0x3F80, 0xBF80, 0x3DCD];

    private static readonly ushort[] s_largestHalves = [0x7BFF, 0xFBFF];
    private static readonly ushort[] s_largestBFloats = [0x7F7F, 0xFF7F];

    // Infinities, quiet and signalling NaNs.
    private static readonly ushort[] s_badHalves = [0x7C00, 0xFC00, 0x7E00, 0xFE01, 0x7C01];
    private static readonly ushort[] s_badBFloats = [0x7F80, 0xFF80, 0x7FC0, 0xFFC1, 0x7F81];

    private readonly Random _random;
    private readonly DType _dtype;

    private ExtremeBlocks(DType dtype, int rows, int columns, Random random)
    {
        (_dtype, _random) = (dtype, random);
        var layout = dtype.Layout();
        var blocks = columns / layout.BlockLength;
        Codes = new byte[rows * layout.RowBytes(columns)];
        var scaleBytes = dtype switch { DType.MXFP4_SPLIT => 1, DType.INT4_G32 => 2, _ => 0 };
        Scales = new byte[rows * blocks * scaleBytes];
        for (var row = 0; row < rows; row++)
        {
            // The largest scales, NaN and infinity swallow the rest of a row's sum: half of the rows have one such block.
            var (kind, odd) = (row % 4, random.Next(blocks));
            for (var block = 0; block < blocks; block++)
            {
                var at = (row * blocks) + block;
                var codes = Codes.AsSpan(at * layout.BlockBytes, layout.BlockBytes);
                Fill(codes);
                SetScales(codes, Scales.AsSpan(at * scaleBytes, scaleBytes), block == odd ? kind : 0);
            }
        }
    }

    /// <summary>[rows, row bytes]</summary>
    public byte[] Codes { get; }

    /// <summary>[rows, groups], where they lie apart; else empty.</summary>
    public byte[] Scales { get; }

    public static ExtremeBlocks Create(DType dtype, int rows, int columns, Random random) => new(dtype, rows, columns, random);

    private void Fill(Span<byte> bytes)
    {
        if (_random.Next(3) == 0)
        {
            _random.NextBytes(bytes);
        }
        else
        {
            bytes.Fill(Pick(s_fills));
        }
    }

    // Kind 2: the largest; 3: NaN or infinity.
    private void SetScales(Span<byte> block, Span<byte> scales, int kind)
    {
        switch (_dtype)
        {
            case DType.MXFP4:
                block[0] = Exponent(kind);
                break;
            case DType.MXFP4_SPLIT:
                scales[0] = Exponent(kind);
                break;
            case DType.INT4_G32:
                BinaryPrimitives.WriteUInt16LittleEndian(scales, Pick(kind switch { 2 => s_largestBFloats, 3 => s_badBFloats, _ => s_bfloats }));
                break;
            case DType.Q4_K or DType.Q5_K:
                Fill(block.Slice(4, 12));
                WriteHalf(block, kind);
                WriteHalf(block[2..], _random.Next(2) == 0 ? kind : 0);
                break;
            case DType.Q6_K:
                Fill(block.Slice(192, 16));
                WriteHalf(block[208..], kind);
                break;
            case DType.IQ4_XS:
                Fill(block.Slice(2, 6));
                WriteHalf(block, kind);
                break;
            default:
                WriteHalf(block, kind);
                break;
        }
    }

    private byte Exponent(int kind) => kind < 2 ? (byte)_random.Next(120, 136) : Pick(s_exponents);

    private void WriteHalf(Span<byte> target, int kind) =>
        BinaryPrimitives.WriteUInt16LittleEndian(target, Pick(kind switch { 2 => s_largestHalves, 3 => s_badHalves, _ => s_halves }));

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];
}
