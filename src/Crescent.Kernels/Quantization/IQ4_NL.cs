using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_iq4_nl)
// 0-1    d       half
// 2-17   qs      32 nibbles, order as Q4_0: indices into the table kvalues_iq4nl
// y = T[q]·d

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ4_NL : IBlock32<IQ4_NL>, IQuantBlock<IQ4_NL>
{
    public Half Scale;
    public Bytes16 Codes;

    public static DType DType => DType.IQ4_NL;

    public static int Length => 32;

    public static bool IsSigned => true;

    public static int MaxCode => 127;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static int ScaleBytes => 0;

    public static int NibblePosition => -1;

    public static bool IsSequential => false;

    /// <summary>The values of a nibble (ggml-common.h, kvalues_iq4nl); IQ4_XS shares them.</summary>
    internal static ReadOnlySpan<sbyte> Table => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    internal static Vector128<byte> TableVector
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((sbyte)-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113).AsByte();
    }

    public static void Decode(in IQ4_NL block, Span<float> values)
    {
        var scale = (float)block.Scale;
        for (var i = 0; i < 16; i++)
        {
            values[i] = Table[block.Codes[i] & 15] * scale;
            values[i + 16] = Table[block.Codes[i] >> 4] * scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) => Unpacking.NibbleTable(block + 2, TableVector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;
}
