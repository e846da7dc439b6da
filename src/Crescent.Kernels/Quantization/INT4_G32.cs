using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (compressed-tensors, pack-quantized, group_size 32, symmetric; the words are little-endian, so bytes follow the values)
// 0-15   qs      32 nibbles: value 2j in the low one of byte j, value 2j+1 in the high one
// apart  d       bfloat16
// y = (q − 8)·d

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct INT4_G32 : IBlock32<INT4_G32>
{
    public Bytes16 Codes;

    public static bool IsSigned => false;

    public static int MaxCode => 15;

    public static int Offset => 8;

    public static bool HasMin => false;

    public static int ScaleBytes => 2;

    public static int NibblePosition => 0;

    public static bool IsSequential => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) => Unpacking.NibblesInOrder(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* source, nint stride) => Unpacking.UpperHalves(Unpacking.GatherExact16(source, stride));

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;
}
