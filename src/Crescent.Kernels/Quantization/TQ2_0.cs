using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field  (ggml-common.h, block_tq2_0)
// 0-63   qs     2-bit codes, order as Q2_K
// 64-65  d      half
// y = d·(q − 1)

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct TQ2_0 : ISuperBlock<TQ2_0>
{
    public Bytes64 Codes;
    public Half Scale;

    public static DType DType => DType.TQ2_0;

    public static int Length => 256;

    public static bool IsSigned => false;

    public static int MaxCode => 3;

    public static int Offset => 1;

    public static bool HasMin => false;

    public static void Decode(in TQ2_0 block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var code = (block.Codes[(32 * (i / 128)) + (i % 32)] >> (2 * (i % 128 / 32))) & 3;
            values[i] = (code - 1) * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.Field(Vector256.Load(block + (32 * (group >> 2))), 2 * (group & 3), 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherLastHalves(block + 64, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    public static unsafe Vector256<short> SubScales(byte* block) => Vector256<short>.One;

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
