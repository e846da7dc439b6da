using System.Runtime.CompilerServices;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct IQ4_XSPacker : IPanelPacker
{
    private const int GroupBytes = 16 + 256;

    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.SignedBytes, 7, NibblePacker.ShiftedTable);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack(in WeightRows rows, int blocks, byte* panel)
    {
        var block = rows.Codes;
        var stride = rows.Stride;
        var subScales = stackalloc ulong[PanelFormat.Rows];
        for (var i = 0; i < blocks; i++, block += sizeof(IQ4_XS), panel += Format.HeaderBytes + (8 * GroupBytes))
        {
            PanelTranspose.PrefetchNext(rows.Codes, stride, i, sizeof(IQ4_XS));
            var codes = panel + Format.HeaderBytes + Format.ScaleBytes;
            for (var g = 0; g < 8; g++, codes += GroupBytes)
            {
                PanelTranspose.Dwords(block + 8 + (16 * g), stride, out var c0, out var c1, out var c2, out var c3);
                PanelTranspose.Store(c0, c1, c2, c3, codes);
            }

            for (var row = 0; row < PanelFormat.Rows; row++)
            {
                subScales[row] = IQ4_XS.SubScaleBytes(block + (row * stride));
            }

            PanelScaleRows.Words(block, stride, panel);
            PanelTranspose.Bytes(subScales, panel + Format.HeaderBytes, GroupBytes);
        }
    }
}
