using System.Runtime.CompilerServices;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct Q4_KPacker : IPanelPacker
{
    private const int GroupBytes = 16 + 256;

    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.SixBitPairs, 0, []);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack(in WeightRows rows, int blocks, byte* panel)
    {
        var block = rows.Codes;
        var stride = rows.Stride;
        for (var i = 0; i < blocks; i++, block += sizeof(Q4_K), panel += Format.HeaderBytes + (8 * GroupBytes))
        {
            PanelTranspose.PrefetchNext(rows.Codes, stride, i, sizeof(Q4_K));
            var codes = panel + Format.HeaderBytes + Format.ScaleBytes;
            for (var c = 0; c < 4; c++)
            {
                NibbleGroups.Pack(block + 16 + (32 * c), stride, codes + (2 * c * GroupBytes), codes + (((2 * c) + 1) * GroupBytes));
            }

            KPairScales.Pack(block, stride, panel, GroupBytes);
        }
    }
}
