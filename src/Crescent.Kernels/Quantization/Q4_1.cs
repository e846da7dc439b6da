using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_q4_1)
// 0-1    d       half
// 2-3    m       half
// 4-19   qs      32 nibbles, order as Q4_0
// y = q·d + m

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q4_1 : IBlock32<Q4_1>, IEncodableBlock<Q4_1>
{
    public Half Scale;
    public Half Min;
    public Bytes16 Codes;

    public static DType DType => DType.Q4_1;

    public static int Length => 32;

    public static bool IsSigned => false;

    public static int MaxCode => 15;

    public static int Offset => 0;

    public static bool HasMin => true;

    public static int ScaleBytes => 0;

    public static int NibblePosition => 4;

    public static bool IsSequential => false;

    /// <summary>Half a step of range/15, plus the rounding of scale and minimum to half.</summary>
    public static float MaxRelativeError => 0.035f;

    public static void Decode(in Q4_1 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        var min = (float)block.Min;
        for (var i = 0; i < 16; i++)
        {
            values[i] = ((block.Codes[i] & 15) * scale) + min;
            values[i + 16] = ((block.Codes[i] >> 4) * scale) + min;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, out Q4_1 block)
    {
        block = default;
        var (min, max) = Encoding.Range(values);
        var scale = (max - min) / 15;
        var reciprocal = Encoding.Reciprocal(scale);
        block.Scale = (Half)scale;
        block.Min = (Half)min;
        for (var i = 0; i < 16; i++)
        {
            var low = Math.Min(15, (int)(((values[i] - min) * reciprocal) + 0.5f));
            var high = Math.Min(15, (int)(((values[i + 16] - min) * reciprocal) + 0.5f));
            block.Codes[i] = (byte)(low | (high << 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) => Unpacking.Nibbles(block + 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Mins(byte* block, nint stride) => Unpacking.GatherHalves(block + 2, stride);
}
