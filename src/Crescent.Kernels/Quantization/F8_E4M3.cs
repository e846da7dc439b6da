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
        var rebase = Vector256.Create(Rebase).AsSingle();
        nint i = 0;
        for (; i <= count - 32; i += 32)
        {
            (PlaceEight(codes + i) * rebase * scales).Store(values + i);
            (PlaceEight(codes + i + 8) * rebase * scales).Store(values + i + 8);
            (PlaceEight(codes + i + 16) * rebase * scales).Store(values + i + 16);
            (PlaceEight(codes + i + 24) * rebase * scales).Store(values + i + 24);
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

    /// <summary>2^120 times a scale, exactly; false where that is not a finite number.</summary>
    public static bool TryRebase(float scale, out float rebased)
    {
        rebased = scale * BitConverter.Int32BitsToSingle(Rebase);
        return float.IsFinite(rebased);
    }

    /// <summary>Whether no code is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static bool AreNumbers(byte* codes, nint count)
    {
        var mask = Vector512.Create((byte)0x7F);
        var largest = Vector512<byte>.Zero;
        nint i = 0;
        for (; i <= count - 64; i += 64)
        {
            largest = Vector512.Max(largest, Vector512.Load(codes + i) & mask);
        }

        var numbers = !Vector512.EqualsAny(largest, mask);
        for (; i < count; i++)
        {
            numbers &= (codes[i] & 0x7F) != 0x7F;
        }

        return numbers;
    }

    /// <summary>2^-120 of a code's value; of a NaN's as if it were a number.</summary>
    public static float Place(byte code) => BitConverter.Int32BitsToSingle(((sbyte)code << 20) & Mask);

    /// <inheritdoc cref="Place"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PlaceEight(byte* codes) => ((Unpacking.WidenEight(codes) << 20) & Vector256.Create(Mask)).AsSingle();

    /// <inheritdoc cref="Place"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PlaceSixteen(byte* codes) => ((Unpacking.WidenSixteen(codes) << 20) & Vector512.Create(Mask)).AsSingle();

    /// <summary>One value, without its scale.</summary>
    public static float ToSingle(byte code) => (code & 0x7F) == 0x7F
        ? float.NaN
        : Place(code) * BitConverter.Int32BitsToSingle(Rebase);

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
