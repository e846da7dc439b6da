using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_q4_0)
// 0-1    d       half
// 2-17   qs      32 nibbles: value j in the low one of byte j, value j+16 in the high one
// y = (q − 8)·d

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q4_0 : IBlock32<Q4_0>, IEncodableBlock<Q4_0>
{
    public Half Scale;
    public Bytes16 Codes;

    public static DType DType => DType.Q4_0;

    public static int Length => 32;

    public static bool IsSigned => false;

    public static int MaxCode => 15;

    public static int Offset => 8;

    public static bool HasMin => false;

    public static int ScaleBytes => 0;

    public static int NibblePosition => 2;

    public static bool IsSequential => false;

    /// <summary>The scale maps the largest magnitude to −8, so the other end is cut at +7: a whole step, 1/8, plus the rounding of the scale to half.</summary>
    public static float MaxRelativeError => 0.126f;

    public static void Decode(in Q4_0 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        for (var i = 0; i < 16; i++)
        {
            values[i] = ((block.Codes[i] & 15) - 8) * scale;
            values[i + 16] = ((block.Codes[i] >> 4) - 8) * scale;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, out Q4_0 block)
    {
        block = default;
        var scale = Encoding.LargestMagnitude(values) / -8;
        var reciprocal = Encoding.Reciprocal(scale);
        block.Scale = (Half)scale;
        for (var i = 0; i < 16; i++)
        {
            var low = Math.Min(15, (int)((values[i] * reciprocal) + 8.5f));
            var high = Math.Min(15, (int)((values[i + 16] * reciprocal) + 8.5f));
            block.Codes[i] = (byte)(low | (high << 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) => Unpacking.Nibbles(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;
}
