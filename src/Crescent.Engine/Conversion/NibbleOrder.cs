using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Crescent.Engine.Conversion;

/// <summary>
/// Blocks of 32 nibbles from the order of the values (value 2j in the low half of byte j, value 2j + 1 in the high one) to GGML's (value j low, value
/// j + 16 high).
/// </summary>
internal static class NibbleOrder
{
    private const int PackedBytes = 16;
    private const ulong LowNibbles = 0x0F0F_0F0F_0F0F_0F0F;

    /// <param name="codes">[blocks, 16]</param>
    /// <param name="scales">[blocks] bfloat16 numbers that are halves too</param>
    /// <param name="row">[blocks, 18]: a half, the nibbles</param>
    public static void Int4ToQ4_0(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scales, Span<byte> row)
    {
        const int BlockBytes = 18;
        for (var i = 0; i < codes.Length / PackedBytes; i++)
        {
            var scale = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(scales[(2 * i)..]) << 16);
            BinaryPrimitives.WriteHalfLittleEndian(row[(i * BlockBytes)..], (Half)scale);
            Reorder(codes[(i * PackedBytes)..], row[((i * BlockBytes) + 2)..]);
        }
    }

    /// <param name="codes">[blocks, 16]</param>
    /// <param name="scales">[blocks] E8M0</param>
    /// <param name="row">[blocks, 17]: the scale, the nibbles</param>
    public static void SplitToMxfp4(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scales, Span<byte> row)
    {
        const int BlockBytes = 17;
        for (var i = 0; i < scales.Length; i++)
        {
            row[i * BlockBytes] = scales[i];
            Reorder(codes[(i * PackedBytes)..], row[((i * BlockBytes) + 1)..]);
        }
    }

    private static void Reorder(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var first = BinaryPrimitives.ReadUInt64LittleEndian(source); // values 0..15
        var second = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]); // values 16..31
        var even = (first & LowNibbles) | ((second & LowNibbles) << 4);
        var odd = ((first >> 4) & LowNibbles) | (second & ~LowNibbles);
        Vector128.Shuffle(Vector128.Create(even, odd).AsByte(), Vector128.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15)).CopyTo(target);
    }
}
