using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_q5_1)
// 0-1    d       half
// 2-3    m       half
// 4-7    qh      fifth bits, bit j of value j (little-endian u32)
// 8-23   qs      32 nibbles, order as Q4_0
// y = q·d + m

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q5_1 : IBlock32<Q5_1>, IEncodableBlock<Q5_1>
{
    public Half Scale;
    public Half Min;
    public uint HighBits;
    public Bytes16 Codes;

    public static DType DType => DType.Q5_1;

    public static int Length => 32;

    public static bool IsSigned => false;

    public static int MaxCode => 31;

    public static int Offset => 0;

    public static bool HasMin => true;

    public static int ScaleBytes => 0;

    public static int NibblePosition => -1;

    public static bool IsSequential => false;

    /// <summary>Half a step of range/31, plus the rounding of scale and minimum to half.</summary>
    public static float MaxRelativeError => 0.018f;

    public static void Decode(in Q5_1 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        var min = (float)block.Min;
        for (var i = 0; i < 16; i++)
        {
            var low = (block.Codes[i] & 15) | (int)(((block.HighBits >> i) & 1) << 4);
            var high = (block.Codes[i] >> 4) | (int)(((block.HighBits >> (i + 16)) & 1) << 4);
            values[i] = (low * scale) + min;
            values[i + 16] = (high * scale) + min;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, out Q5_1 block)
    {
        block = default;
        var (min, max) = Encoding.Range(values);
        var scale = (max - min) / 31;
        var reciprocal = Encoding.Reciprocal(scale);
        block.Scale = (Half)scale;
        block.Min = (Half)min;
        for (var i = 0; i < 16; i++)
        {
            var low = Math.Min(31, (int)(((values[i] - min) * reciprocal) + 0.5f));
            var high = Math.Min(31, (int)(((values[i + 16] - min) * reciprocal) + 0.5f));
            block.Codes[i] = (byte)((low & 15) | ((high & 15) << 4));
            block.HighBits |= ((uint)low >> 4 << i) | ((uint)high >> 4 << (i + 16));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.Nibbles(block + 8) | Unpacking.Bits(*(uint*)(block + 4), 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Mins(byte* block, nint stride) => Unpacking.GatherHalves(block + 2, stride);
}
