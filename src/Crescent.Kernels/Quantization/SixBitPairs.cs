using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

/// <summary>The 12 bytes with 8 six-bit scales and 8 six-bit minima that Q4_K and Q5_K share (ggml-quants.c, get_scale_min_k4).</summary>
/// <remarks>
/// Bytes 0-3: scales 0-3 in the low 6 bits; bytes 4-7: minima 0-3; bytes 8-11: low nibbles of scales 4-7, high nibbles of minima 4-7. The
/// upper two bits of scales 4-7 are those of bytes 0-3, of minima 4-7 those of bytes 4-7.
/// </remarks>
internal static unsafe class SixBitPairs
{
    public static (int Scale, int Min) Read(in Bytes12 bytes, int index) =>
        index < 4
            ? (bytes[index] & 63, bytes[index + 4] & 63)
            : ((bytes[index + 4] & 15) | (bytes[index - 4] >> 6 << 4), (bytes[index + 4] >> 4) | (bytes[index] >> 6 << 4));

    /// <summary>Packs 8 scales and 8 minima, 0..63.</summary>
    public static void Write(ReadOnlySpan<byte> scales, ReadOnlySpan<byte> mins, out Bytes12 bytes)
    {
        bytes = default;
        for (var i = 0; i < 4; i++)
        {
            bytes[i] = (byte)(scales[i] | (scales[i + 4] >> 4 << 6));
            bytes[i + 4] = (byte)(mins[i] | (mins[i + 4] >> 4 << 6));
            bytes[i + 8] = (byte)((scales[i + 4] & 15) | ((mins[i + 4] & 15) << 4));
        }
    }

    /// <summary>The 8 scales, a byte each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Scales(byte* bytes)
    {
        var first = *(uint*)bytes;
        var last = *(uint*)(bytes + 8);
        var upper = (last & 0x0F0F0F0F) | ((first >> 2) & 0x30303030);
        return (first & 0x3F3F3F3F) | ((ulong)upper << 32);
    }

    /// <summary>The 8 minima, a byte each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mins(byte* bytes)
    {
        var middle = *(uint*)(bytes + 4);
        var last = *(uint*)(bytes + 8);
        var upper = ((last >> 4) & 0x0F0F0F0F) | ((middle >> 2) & 0x30303030);
        return (middle & 0x3F3F3F3F) | ((ulong)upper << 32);
    }

    /// <summary>
    /// <see cref="ISuperBlock{TSelf}.GroupScales"/> of blocks that begin with the half of the scales, the half of the minima and these 12 bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void GroupScales(byte* block, nint stride, float* scales, float* mins)
    {
        Unpacking.GatherWords(block, stride, out var halves, out var first, out var middle, out var last);
        var six = Vector256.Create(0x3F3F3F3F);
        var four = Vector256.Create(0x0F0F0F0F);
        var upper = Vector256.Create(0x30303030);
        var factors = Unpacking.HalfToSingle(halves & Vector256.Create(0xFFFF));
        StoreFour(first & six, factors, scales);
        StoreFour((last & four) | ((first >> 2) & upper), factors, scales + 32);
        factors = -Unpacking.HalfToSingle(Vector256.ShiftRightLogical(halves, 16));
        StoreFour(middle & six, factors, mins);
        StoreFour(((last >> 4) & four) | ((middle >> 2) & upper), factors, mins + 32);
    }

    // Bytes, below 128, of 8 rows: [4 groups, 8 rows].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(Vector256<int> bytes, Vector256<float> factors, float* target)
    {
        var lowest = Vector256.Create(0xFF);
        (Vector256.ConvertToSingle(bytes & lowest) * factors).Store(target);
        (Vector256.ConvertToSingle((bytes >> 8) & lowest) * factors).Store(target + 8);
        (Vector256.ConvertToSingle((bytes >> 16) & lowest) * factors).Store(target + 16);
        (Vector256.ConvertToSingle(bytes >> 24) * factors).Store(target + 24);
    }
}
