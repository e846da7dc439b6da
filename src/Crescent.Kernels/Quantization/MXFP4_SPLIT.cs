using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (openai/gpt-oss, gpt_oss/torch/weights.py)
// 0-15   qs      32 nibbles: value 2j in the low one of byte j, value 2j+1 in the high one; indices into the doubled FP4 (E2M1) values
// apart  e       exponent: the scale is 2^(e−128), half of the E8M0 value, because the table is doubled
// y = M[q]·2^(e−128)

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct MXFP4_SPLIT : IBlock32<MXFP4_SPLIT>
{
    public Bytes16 Codes;

    public static bool IsSigned => MXFP4.IsSigned;

    public static int MaxCode => MXFP4.MaxCode;

    public static int Offset => MXFP4.Offset;

    public static bool HasMin => false;

    public static int ScaleBytes => 1;

    public static int NibblePosition => -1;

    public static bool IsSequential => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.Lookup(Unpacking.NibblesInOrder(block), MXFP4.ShiftedTable);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* source, nint stride) =>
        MXFP4.ScalesOf(Unpacking.Widen(Unpacking.GatherBytes(source, stride)));

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;
}
