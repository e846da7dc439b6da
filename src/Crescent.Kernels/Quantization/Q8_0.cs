using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_q8_0)
// 0-1    d       half
// 2-33   qs      32 signed bytes
// y = q·d

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q8_0 : IBlock32<Q8_0>, IEncodableBlock<Q8_0>
{
    public Half Scale;
    public Bytes32 Codes;

    public static DType DType => DType.Q8_0;

    public static int Length => 32;

    public static bool IsSigned => true;

    public static int MaxCode => 128;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static int ScaleBytes => 0;

    public static int NibblePosition => -1;

    public static bool IsSequential => false;

    /// <summary>Half a step of 1/127, plus the rounding of the scale to half.</summary>
    public static float MaxRelativeError => 0.0046f;

    public static void Decode(in Q8_0 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        for (var i = 0; i < 32; i++)
        {
            values[i] = (sbyte)block.Codes[i] * scale;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, out Q8_0 block)
    {
        block = default;
        var scale = Math.Abs(Encoding.LargestMagnitude(values)) / 127;
        var reciprocal = Encoding.Reciprocal(scale);
        block.Scale = (Half)scale;
        for (var i = 0; i < 32; i++)
        {
            block.Codes[i] = (byte)(sbyte)MathF.Round(values[i] * reciprocal, MidpointRounding.AwayFromZero);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) => Vector256.Load(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;
}
