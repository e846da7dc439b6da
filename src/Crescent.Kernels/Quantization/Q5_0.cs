using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_q5_0)
// 0-1    d       half
// 2-5    qh      fifth bits, bit j of value j (little-endian u32)
// 6-21   qs      32 nibbles, order as Q4_0
// y = (q − 16)·d

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q5_0 : IBlock32<Q5_0>, IEncodableBlock<Q5_0>
{
    public Half Scale;
    public uint HighBits;
    public Bytes16 Codes;

    public static DType DType => DType.Q5_0;

    public static int Length => 32;

    public static bool IsSigned => false;

    public static int MaxCode => 31;

    public static int Offset => 16;

    public static bool HasMin => false;

    public static int ScaleBytes => 0;

    public static int NibblePosition => -1;

    public static bool IsSequential => false;

    /// <summary>As for Q4_0: a whole step, here 1/16, at the end that is cut.</summary>
    public static float MaxRelativeError => 0.0635f;

    public static void Decode(in Q5_0 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        for (var i = 0; i < 16; i++)
        {
            var low = (block.Codes[i] & 15) | (int)(((block.HighBits >> i) & 1) << 4);
            var high = (block.Codes[i] >> 4) | (int)(((block.HighBits >> (i + 16)) & 1) << 4);
            values[i] = (low - 16) * scale;
            values[i + 16] = (high - 16) * scale;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, out Q5_0 block)
    {
        block = default;
        var scale = Encoding.LargestMagnitude(values) / -16;
        var reciprocal = Encoding.Reciprocal(scale);
        block.Scale = (Half)scale;
        for (var i = 0; i < 16; i++)
        {
            var low = Math.Min(31, (int)((values[i] * reciprocal) + 16.5f));
            var high = Math.Min(31, (int)((values[i + 16] * reciprocal) + 16.5f));
            block.Codes[i] = (byte)((low & 15) | ((high & 15) << 4));
            block.HighBits |= ((uint)low >> 4 << i) | ((uint)high >> 4 << (i + 16));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.Nibbles(block + 6) | Unpacking.Bits(*(uint*)(block + 2), 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;
}
