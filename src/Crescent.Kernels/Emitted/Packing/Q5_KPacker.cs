using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct Q5_KPacker : IPanelPacker
{
    private const int GroupBytes = 16 + 320;

    public static PanelFormat Format { get; } = new(PanelCodes.NibblesAndBit, PanelScales.SixBitPairs, 0, []);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack(in WeightRows rows, int blocks, byte* panel)
    {
        var block = rows.Codes;
        var stride = rows.Stride;
        var one = Vector512.Create(0x01010101u);
        for (var i = 0; i < blocks; i++, block += sizeof(Q5_K), panel += Format.HeaderBytes + (8 * GroupBytes))
        {
            PanelTranspose.PrefetchNext(rows.Codes, stride, i, sizeof(Q5_K));
            var codes = panel + Format.HeaderBytes + Format.ScaleBytes;
            for (var c = 0; c < 4; c++)
            {
                NibbleGroups.Pack(block + 48 + (32 * c), stride, codes + (2 * c * GroupBytes), codes + (((2 * c) + 1) * GroupBytes));
            }

            // Byte (row, k) of vector j has the upper bits of column 4j + k of all groups, group g in bit g.
            PanelTranspose.Dwords(block + 16, stride, out var h0, out var h1, out var h2, out var h3);
            PanelTranspose.Dwords(block + 32, stride, out var h4, out var h5, out var h6, out var h7);
            for (var g = 0; g < 8; g++)
            {
                var plane = ((h0 >> g) & one) | (((h1 >> g) & one) << 1) | (((h2 >> g) & one) << 2) | (((h3 >> g) & one) << 3)
                    | (((h4 >> g) & one) << 4) | (((h5 >> g) & one) << 5) | (((h6 >> g) & one) << 6) | (((h7 >> g) & one) << 7);
                plane.Store((uint*)(codes + (g * GroupBytes) + 256));
            }

            KPairScales.Pack(block, stride, panel, GroupBytes);
        }
    }
}
