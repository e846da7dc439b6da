using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Emitted.Packing;

/// <summary>Two groups of 32 that share 32 bytes, one in the low nibbles and one in the high ones (Q4_K, Q5_K, Q6_K).</summary>
internal static unsafe class NibbleGroups
{
    /// <summary>Packs both for 16 rows: 256 bytes each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* rows, nint stride, byte* lowGroup, byte* highGroup)
    {
        PanelTranspose.Dwords(rows, stride, out var a0, out var a1, out var a2, out var a3);
        PanelTranspose.Dwords(rows + 16, stride, out var b0, out var b1, out var b2, out var b3);
        Pair(a0, b0, lowGroup, highGroup);
        Pair(a1, b1, lowGroup + 64, highGroup + 64);
        Pair(a2, b2, lowGroup + 128, highGroup + 128);
        Pair(a3, b3, lowGroup + 192, highGroup + 192);
    }

    // first: columns 4c + k, last: 16 + 4c + k, of both groups.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(Vector512<uint> first, Vector512<uint> last, byte* lowGroup, byte* highGroup)
    {
        var low = Vector512.Create(0x0F0F0F0Fu);
        ((first & low) | ((last & low) << 4)).Store((uint*)lowGroup);
        (((first >> 4) & low) | Vector512.AndNot(last, low)).Store((uint*)highGroup);
    }
}
