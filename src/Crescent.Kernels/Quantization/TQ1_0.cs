using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field  (ggml-common.h, block_tq1_0)
// 0-47   qs     5 base-3 digits a byte: digit k of byte l is value 32k + l for l < 32, else value 160 + 16k + l − 32
// 48-51  qh     4 digits a byte: digit k of byte l is value 240 + 4k + l
// 52-53  d      half
// A byte is a fraction of 256: digit k is the integer part of 3·((b·3^k mod 256)/256).
// y = d·(q − 1)

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct TQ1_0 : ISuperBlock<TQ1_0>
{
    public Bytes48 Codes;
    public Bytes4 LastCodes;
    public Half Scale;

    public static DType DType => DType.TQ1_0;

    public static int Length => 256;

    public static bool IsSigned => false;

    public static int MaxCode => 2;

    public static int Offset => 1;

    public static bool HasMin => false;

    private static ReadOnlySpan<byte> Powers => [1, 3, 9, 27, 81];

    // [8 groups, 16]: the power of 3 for each pair of bytes.
    private static ReadOnlySpan<ushort> Factors =>
    [
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27,
        81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81,
        1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3,
        9, 9, 9, 9, 9, 9, 9, 9, 27, 27, 27, 27, 27, 27, 27, 27,
        81, 81, 81, 81, 81, 81, 81, 81, 1, 1, 3, 3, 9, 9, 27, 27,
    ];

    public static void Decode(in TQ1_0 block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var (code, digit) = i switch
            {
                < 160 => (block.Codes[i % 32], i / 32),
                < 240 => (block.Codes[32 + (i % 16)], (i - 160) / 16),
                _ => (block.LastCodes[i % 4], (i - 240) / 4),
            };
            var fraction = (byte)(code * Powers[digit]);
            values[i] = (((fraction * 3) >> 8) - 1) * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var codes = group < 5
            ? Vector256.Load(block)
            : Vector256.Create(
                Vector128.Load(block + 32), group < 7 ? Vector128.Load(block + 32) : Vector128.Create(*(uint*)(block + 48)).AsByte());
        var pairs = codes.AsUInt16();
        var factors = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(Factors), (nuint)(16 * group));
        var low = (pairs * factors) & Vector256.Create((ushort)0x00FF);
        var high = (pairs & Vector256.Create((ushort)0xFF00)) * factors;

        // 3·fraction reaches 256 from 86 on, and 512 from 171 on. A comparison that holds is −1.
        var fractions = (low | high).AsByte();
        return Vector256<byte>.Zero
            - Vector256.GreaterThanOrEqual(fractions, Vector256.Create((byte)86))
            - Vector256.GreaterThanOrEqual(fractions, Vector256.Create((byte)171));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherLastHalves(block + 52, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    public static unsafe Vector256<short> SubScales(byte* block) => Vector256<short>.One;

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
