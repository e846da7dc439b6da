using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

/// <summary>Signed bytes become unsigned ones, 128 above.</summary>
internal readonly unsafe struct Q8_0Packer : IPanelPacker
{
    public static PanelFormat Format { get; } = new(PanelCodes.Bytes, PanelScales.Half, 7, []);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack(in WeightRows rows, int blocks, byte* panel)
    {
        var block = rows.Codes;
        var stride = rows.Stride;
        var sign = Vector512.Create(0x80808080u);
        for (var i = 0; i < blocks; i++, block += sizeof(Q8_0), panel += 512)
        {
            PanelTranspose.PrefetchNext(rows.Codes, stride, i, sizeof(Q8_0));
            panel = PanelScaleRows.Words(block, stride, panel);
            for (var half = 0; half < 2; half++)
            {
                PanelTranspose.Dwords(block + 2 + (16 * half), stride, out var c0, out var c1, out var c2, out var c3);
                PanelTranspose.Store(c0 ^ sign, c1 ^ sign, c2 ^ sign, c3 ^ sign, panel + (256 * half));
            }
        }
    }
}
