using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>
/// Writes (nibble − 8) · 2^exponent straight into a format's blocks, exactly: no quantizer has a say. Block layouts: ggml-common.h.
/// </summary>
internal static class SynthEncoder
{
    /// <summary>Values that share an exponent: the side of a tile.</summary>
    public const int TileLength = 128;

    private const int HalfBias = 15;
    private const int Mxfp4Bias = 128; // of half the E8M0 scale: the table of values is doubled

    /// <summary>The formats that hold the values exactly.</summary>
    public static IReadOnlyList<DType> Formats { get; } =
    [
        DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q4_K, DType.Q5_K, DType.Q6_K,
    ];

    // Indices of 0, 1, 2, 3, 4, 6 in MXFP4's doubled table, with 8 for the sign, under nibbles 1…15. Integers 5 and 7 do not come (FourBitMatrix).
    private static readonly Vector128<byte> s_mxfp4Codes = Vector128.Create((byte)0, 13, 13, 12, 12, 11, 10, 9, 0, 1, 2, 3, 4, 4, 5, 5);

    // Of −8…7 in FP8 E4M3: sign, four bits of exponent (bias 7), three of mantissa.
    private static readonly byte[] s_float8Codes = [0xD0, 0xCE, 0xCC, 0xCA, 0xC8, 0xC4, 0xC0, 0xB8, 0x00, 0x38, 0x40, 0x44, 0x48, 0x4A, 0x4C, 0x4E];

    /// <summary>Encodes a row of whole blocks; of types that have their scales apart, the codes alone.</summary>
    /// <param name="nibbles">[columns], 1…15</param>
    /// <param name="exponents">[columns / 128, rounded up]</param>
    public static void Encode(DType dtype, ReadOnlySpan<byte> nibbles, ReadOnlySpan<sbyte> exponents, Span<byte> row)
    {
        var layout = dtype.Layout();
        var tile = layout.BlockLength == 1 ? TileLength : layout.BlockLength;
        var tileBytes = tile / layout.BlockLength * layout.BlockBytes;
        for (var start = 0; start < nibbles.Length; start += tile)
        {
            var values = nibbles.Slice(start, Math.Min(tile, nibbles.Length - start));
            var scale = exponents[start / TileLength];
            switch (dtype)
            {
                case DType.F32:
                    Table32(values, scale, MemoryMarshal.Cast<byte, uint>(row));
                    break;
                case DType.F16:
                    Table16(values, scale, MemoryMarshal.Cast<byte, ushort>(row), half: true);
                    break;
                case DType.BF16:
                    Table16(values, scale, MemoryMarshal.Cast<byte, ushort>(row), half: false);
                    break;
                case DType.Q8_0:
                    PowerOfTwo(scale, row);
                    (Vector256.Create(values) - Vector256.Create((byte)8)).CopyTo(row[2..]);
                    break;
                case DType.Q4_0:
                    PowerOfTwo(scale, row);
                    Pair(values).CopyTo(row[2..]);
                    break;
                case DType.MXFP4:
                    row[0] = (byte)(scale + Mxfp4Bias);
                    (Mxfp4Codes(values) | (Mxfp4Codes(values[16..]) << 4)).CopyTo(row[1..]);
                    break;
                case DType.F8_E4M3:
                    Table8(values, row);
                    break;
                case DType.INT4_G32:
                    Neighbours(Vector256.Create(values)).CopyTo(row);
                    break;
                case DType.MXFP4_SPLIT:
                    Neighbours(Vector256.Create(Mxfp4Codes(values), Mxfp4Codes(values[16..]))).CopyTo(row);
                    break;
                case DType.Q4_1:
                    PowerOfTwo(scale, row);
                    MinusPowerOfTwo(scale + 3, row[2..]);
                    Pair(values).CopyTo(row[4..]);
                    break;
                case DType.Q5_0:
                    PowerOfTwo(scale, row);
                    FifthBits(values, row[2..]);
                    break;
                case DType.Q5_1:
                    PowerOfTwo(scale, row);
                    MinusPowerOfTwo(scale + 4, row[2..]);
                    FifthBits(values, row[4..]);
                    break;
                case DType.Q4_K:
                    SuperBlock(scale, exponents[(start / TileLength) + 1], row);
                    PairSuperBlock(values, row[16..]);
                    break;
                case DType.Q5_K:
                    SuperBlock(scale, exponents[(start / TileLength) + 1], row);
                    row.Slice(16, 32).Clear();
                    PairSuperBlock(values, row[48..]);
                    break;
                case DType.Q6_K:
                    SixBits(values, scale, exponents[(start / TileLength) + 1], row);
                    break;
                default:
                    throw new NotSupportedException($"synth in {dtype}: expected one of {string.Join(", ", Formats)}");
            }

            row = row[Math.Min(tileBytes, row.Length)..];
        }
    }

    private static void Table32(ReadOnlySpan<byte> nibbles, int exponent, Span<uint> row)
    {
        Span<uint> table = stackalloc uint[16];
        for (var i = 0; i < table.Length; i++)
        {
            table[i] = BitConverter.SingleToUInt32Bits(MathF.ScaleB(i - 8, exponent));
        }

        for (var i = 0; i < nibbles.Length; i++)
        {
            row[i] = table[nibbles[i] & 15];
        }
    }

    private static void Table16(ReadOnlySpan<byte> nibbles, int exponent, Span<ushort> row, bool half)
    {
        Span<ushort> table = stackalloc ushort[16];
        for (var i = 0; i < table.Length; i++)
        {
            var value = MathF.ScaleB(i - 8, exponent);
            table[i] = half ? BitConverter.HalfToUInt16Bits((Half)value) : (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        }

        for (var i = 0; i < nibbles.Length; i++)
        {
            row[i] = table[nibbles[i] & 15];
        }
    }

    // The integers themselves: their scale is the tile's.
    private static void Table8(ReadOnlySpan<byte> nibbles, Span<byte> row)
    {
        for (var i = 0; i < nibbles.Length; i++)
        {
            row[i] = s_float8Codes[nibbles[i] & 15];
        }
    }

    private static void PowerOfTwo(int exponent, Span<byte> half) => BinaryPrimitives.WriteUInt16LittleEndian(half, (ushort)((exponent + HalfBias) << 10));

    private static void MinusPowerOfTwo(int exponent, Span<byte> half) =>
        BinaryPrimitives.WriteUInt16LittleEndian(half, (ushort)(0x8000 | ((exponent + HalfBias) << 10)));

    // Byte j holds value j in its low nibble and value j + 16 in its high one.
    private static Vector128<byte> Pair(ReadOnlySpan<byte> block) => Vector128.Create(block) | (Vector128.Create(block[16..]) << 4);

    // Byte j holds value 2j in its low nibble and value 2j + 1 in its high one.
    private static Vector128<byte> Neighbours(Vector256<byte> block)
    {
        var pairs = block.AsUInt16();
        pairs = (pairs | (pairs >> 4)) & Vector256.Create((ushort)0xFF);
        return Vector128.Narrow(pairs.GetLower(), pairs.GetUpper());
    }

    private static Vector128<byte> Mxfp4Codes(ReadOnlySpan<byte> nibbles) => Vector128.Shuffle(s_mxfp4Codes, Vector128.Create(nibbles));

    // Value + 16 = nibble + 8: the fifth bits, then the low four as pairs.
    private static void FifthBits(ReadOnlySpan<byte> block, Span<byte> bytes)
    {
        var values = Vector256.Create(block) + Vector256.Create((byte)8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Vector256.GreaterThan(values, Vector256.Create((byte)15)).ExtractMostSignificantBits());
        var low = values & Vector256.Create((byte)15);
        (low.GetLower() | (low.GetUpper() << 4)).CopyTo(bytes[4..]);
    }

    // d = dmin = the smaller of the two tiles' scales; sub-block scale s (1, 2 or 4) and minimum 8·s: d·s·nibble − dmin·8·s.
    private static void SuperBlock(int first, int second, Span<byte> block)
    {
        var least = Math.Min(first, second);
        PowerOfTwo(least, block);
        PowerOfTwo(least, block[2..]);
        var (a, b) = ((byte)(1 << (first - least)), (byte)(1 << (second - least)));
        // Six-bit pairs: sub-blocks 0–3 whole, 4–7 as low nibbles of scale and minimum with their top bits above the first eight bytes.
        var minimum = (byte)(b << 3);
        block.Slice(4, 4).Fill((byte)(a | (b >> 4 << 6)));
        block.Slice(8, 4).Fill((byte)((a << 3) | (minimum >> 4 << 6)));
        block.Slice(12, 4).Fill((byte)((b & 15) | ((minimum & 15) << 4)));
    }

    // 64 values to 32 bytes: value l in the low nibble, value l + 32 in the high one.
    private static void PairSuperBlock(ReadOnlySpan<byte> values, Span<byte> bytes)
    {
        for (var c = 0; c < 4; c++)
        {
            (Vector256.Create(values[(64 * c)..]) | (Vector256.Create(values[((64 * c) + 32)..]) << 4)).CopyTo(bytes[(32 * c)..]);
        }
    }

    // Value + 32 = nibble + 24 in six bits: four low ones in ql, two high ones in qh.
    private static void SixBits(ReadOnlySpan<byte> values, int first, int second, Span<byte> block)
    {
        var (add, low) = (Vector256.Create((byte)24), Vector256.Create((byte)15));
        for (var n = 0; n < 2; n++)
        {
            var v0 = Vector256.Create(values[(128 * n)..]) + add;
            var v1 = Vector256.Create(values[((128 * n) + 32)..]) + add;
            var v2 = Vector256.Create(values[((128 * n) + 64)..]) + add;
            var v3 = Vector256.Create(values[((128 * n) + 96)..]) + add;
            ((v0 & low) | ((v2 & low) << 4)).CopyTo(block[(64 * n)..]);
            ((v1 & low) | ((v3 & low) << 4)).CopyTo(block[((64 * n) + 32)..]);
            ((v0 >> 4) | (v1 >> 4 << 2) | (v2 >> 4 << 4) | (v3 >> 4 << 6)).CopyTo(block[(128 + (32 * n))..]);
        }

        var least = Math.Min(first, second);
        block.Slice(192, 8).Fill((byte)(1 << (first - least)));
        block.Slice(200, 8).Fill((byte)(1 << (second - least)));
        PowerOfTwo(least, block[208..]);
    }
}
