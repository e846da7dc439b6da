using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_mxfp4)
// 0      e       exponent: the scale is 2^(e−128), half of the E8M0 value, because the table is doubled
// 1-16   qs      32 nibbles, order as Q4_0: indices into the doubled FP4 (E2M1) values
// y = M[q]·2^(e−128)

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct MXFP4 : IBlock32<MXFP4>, IEncodableBlock<MXFP4>
{
    public byte Exponent;
    public Bytes16 Codes;

    public static DType DType => DType.MXFP4;

    public static int Length => 32;

    // The table is shifted by 12 to be unsigned, which spares the sign step of signed codes.
    public static bool IsSigned => false;

    public static int MaxCode => 24;

    public static int Offset => 12;

    public static bool HasMin => false;

    public static int ScaleBytes => 0;

    public static int NibblePosition => -1;

    public static bool IsSequential => false;

    /// <summary>With x the largest magnitude in [4·s, 8·s): the table ends at 6·s, so up to 2·s of 8·s is cut.</summary>
    public static float MaxRelativeError => 0.2501f;

    private static ReadOnlySpan<sbyte> Table => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>The table, shifted by <see cref="Offset"/>.</summary>
    internal static Vector128<byte> ShiftedTable
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
    }

    public static void Decode(in MXFP4 block, Span<float> values)
    {
        var scale = ScaleOf(block.Exponent);
        for (var i = 0; i < 16; i++)
        {
            values[i] = Table[block.Codes[i] & 15] * scale;
            values[i + 16] = Table[block.Codes[i] >> 4] * scale;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, out MXFP4 block)
    {
        block = default;
        var largest = Math.Abs(Encoding.LargestMagnitude(values));
        block.Exponent = largest > 0 ? (byte)Math.Clamp(Math.ILogB(largest) - 2 + 127, 0, 254) : (byte)0;
        var scale = ScaleOf(block.Exponent);
        for (var i = 0; i < 16; i += 8)
        {
            var codes = Nearest(Vector256.Create(values[i..]), scale) | (Nearest(Vector256.Create(values[(i + 16)..]), scale) << 4);
            var shorts = Vector128.Narrow(codes.GetLower(), codes.GetUpper());
            Vector64.Narrow(shorts.GetLower(), shorts.GetUpper()).AsByte().CopyTo(block.Codes[i..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.NibbleTable(block + 1, ShiftedTable);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride)
    {
        return ScalesOf(Unpacking.Widen(Unpacking.Gather16(block, stride)) & Vector256.Create(0xFF));
    }

    /// <summary>Half of E8M0 scales: 2^(e−128).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> ScalesOf(Vector256<int> exponents)
    {
        var normal = (exponents - Vector256<int>.One) << 23;
        // 2^-128 and 2^-127 are subnormal: 1 << 21 and 1 << 22.
        var subnormal = (exponents + Vector256<int>.One) << 21;
        return Vector256.ConditionalSelect(Vector256.LessThan(exponents, Vector256.Create(2)), subnormal, normal).AsSingle();
    }

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    private static float ScaleOf(byte exponent) =>
        BitConverter.Int32BitsToSingle(exponent < 2 ? 0x00200000 << exponent : (exponent - 1) << 23);

    // The first of the nearest entries, by the order of the table.
    private static Vector256<int> Nearest(Vector256<float> values, float scale)
    {
        var best = Vector256<int>.Zero;
        var error = Vector256.Create(float.PositiveInfinity);
        for (var i = 0; i < 16; i++)
        {
            var distance = Vector256.Abs(Vector256.Create(Table[i] * scale) - values);
            var nearer = Vector256.LessThan(distance, error);
            best = Vector256.ConditionalSelect(nearer.AsInt32(), Vector256.Create(i), best);
            error = Vector256.ConditionalSelect(nearer, distance, error);
        }

        return best;
    }
}
