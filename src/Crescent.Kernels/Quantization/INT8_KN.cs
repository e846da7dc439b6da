using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// field    (xai-org/grok-1, QuantizedWeight8bit of model.py)
// weight   signed bytes [columns, rows]: the values of one input column for all output rows follow one another
// scales   bfloat16 [groups, rows]: a group is columns/groups consecutive columns
// y = q·d

/// <summary>Signed bytes as products see them.</summary>
internal readonly unsafe struct INT8_KN : IGroupCodes
{
    public static bool IsSigned => true;

    public static int MaxCode => 128;

    public static int Offset => 0;

    public static bool HasMin => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack(byte* block, int group) => Vector256.Load(block);
}
