using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

/// <summary>Blocks of 32 whose codes are 16 bytes of nibbles.</summary>
internal static unsafe class NibblePacker
{
    /// <summary>The table of IQ4_NL and IQ4_XS, 128 above its values.</summary>
    public static byte[] ShiftedTable { get; } = [.. Enumerable.Range(0, 16).Select(i => (byte)(IQ4_NL.Table[i] + 128))];

    /// <param name="codesAt">Bytes from a block's start to its nibbles.</param>
    /// <param name="scaleBytes">2 or 1.</param>
    /// <param name="scales">Where the first row's scales begin, and the bytes to the next block's and to the next row's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack(
        byte* rows, nint stride, int blockBytes, int codesAt, bool isSequential, byte* scales, nint scaleStep, nint scaleStride, int scaleBytes, int blocks, byte* panel)
    {
        var first = rows;
        rows += codesAt;
        for (var block = 0; block < blocks; block++, rows += blockBytes, scales += scaleStep, panel += 256)
        {
            PanelTranspose.PrefetchNext(first, stride, block, blockBytes);
            panel = scaleBytes == 2 ? PanelScaleRows.Words(scales, scaleStride, panel) : PanelScaleRows.Bytes(scales, scaleStride, panel);
            Vector512<uint> c0, c1, c2, c3;
            if (isSequential)
            {
                PanelTranspose.SequentialNibbles(rows, stride, out c0, out c1, out c2, out c3);
            }
            else
            {
                PanelTranspose.Dwords(rows, stride, out c0, out c1, out c2, out c3);
            }

            PanelTranspose.Store(c0, c1, c2, c3, panel);
        }
    }
}
