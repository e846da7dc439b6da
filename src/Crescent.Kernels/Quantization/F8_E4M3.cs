using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bits   field   (E4M3FN of "FP8 Formats for Deep Learning", arXiv:2209.05433, section 3; scales as DeepSeek-V3's weight_scale_inv)
// 0-2    m       mantissa
// 3-6    e       exponent, bias 7; at 0 the value is m·2^-9
// 7      s       sign
// apart  d       float32, one for a tile of 128 × 128 values: multiplied, whatever its name says
// 0x7F and 0xFF are NaN; there are no infinities

/// <summary>FP8 values with a scale for each tile. A value is fp8·scale, rounded to a float once.</summary>
internal static unsafe class F8_E4M3
{
    /// <summary>Rows and columns of a tile; the last of a matrix may be cut short.</summary>
    public const int TileLength = 128;

    /// <summary>Decodes values of one row and tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* codes, nint count, float scale, float* values)
    {
        var scales = Vector256.Create(scale);
        nint i = 0;
        for (; i <= count - 32; i += 32)
        {
            (Widen(codes + i) * scales).Store(values + i);
            (Widen(codes + i + 8) * scales).Store(values + i + 8);
            (Widen(codes + i + 16) * scales).Store(values + i + 16);
            (Widen(codes + i + 24) * scales).Store(values + i + 24);
            var magnitudes = Vector256.Load(codes + i) & Vector256.Create((byte)0x7F);
            if (Vector256.EqualsAny(magnitudes, Vector256.Create((byte)0x7F)))
            {
                DecodeEach(codes + i, 32, scale, values + i);
            }
        }

        if (i < count)
        {
            DecodeEach(codes + i, count - i, scale, values + i);
        }
    }

    /// <summary>8 values, without their scale; NaNs come out as ±480.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(byte* codes) =>
        ((Unpacking.WidenEight(codes) << 20) & Vector256.Create(Mask)).AsSingle() * Vector256.Create(Rebase).AsSingle();

    /// <summary>All bits of the bytes that are NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> AreNaN(Vector128<byte> codes) =>
        Vector128.Equals(codes & Vector128.Create((byte)0x7F), Vector128.Create((byte)0x7F));

    /// <summary>One value, without its scale.</summary>
    public static float ToSingle(byte code) => (code & 0x7F) == 0x7F
        ? float.NaN
        : BitConverter.Int32BitsToSingle(((sbyte)code << 20) & Mask) * BitConverter.Int32BitsToSingle(Rebase);

    // 2^120: from the exponent's bias of 7 to 127. The product is exact, also from what is subnormal before it: that takes processors some ten
    // cycles more, but scales map a tile's largest value to 448, so few values are that small.
    private const int Rebase = 0x7B800000;

    // Sign and the other 7 bits at their places in a float.
    private const int Mask = unchecked((int)0x87F00000);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DecodeEach(byte* codes, nint count, float scale, float* values)
    {
        for (nint i = 0; i < count; i++)
        {
            values[i] = ToSingle(codes[i]) * scale;
        }
    }
}
