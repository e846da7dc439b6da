using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct Q6_KPacker : IPanelPacker
{
    private const int GroupBytes = 32 + 384;

    public static PanelFormat Format { get; } = new(PanelCodes.NibblesAndTwoBits, PanelScales.SignedBytePairs, 5, []);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack(in WeightRows rows, int blocks, byte* panel)
    {
        var block = rows.Codes;
        var stride = rows.Stride;
        for (var i = 0; i < blocks; i++, block += sizeof(Q6_K), panel += Format.HeaderBytes + (8 * GroupBytes))
        {
            PanelTranspose.PrefetchNext(rows.Codes, stride, i, sizeof(Q6_K));
            var codes = panel + Format.HeaderBytes + Format.ScaleBytes;
            for (var n = 0; n < 2; n++)
            {
                // Groups 4n + k: 0 and 2 share 32 bytes, 1 and 3 the next.
                var groups = codes + (4 * n * GroupBytes);
                NibbleGroups.Pack(block + (64 * n), stride, groups, groups + (2 * GroupBytes));
                NibbleGroups.Pack(block + (64 * n) + 32, stride, groups + GroupBytes, groups + (3 * GroupBytes));
                for (var half = 0; half < 2; half++)
                {
                    // Byte (row, k) of vector j has the upper bits of column 4j + k of four groups.
                    PanelTranspose.Dwords(block + 128 + (32 * n) + (16 * half), stride, out var q0, out var q1, out var q2, out var q3);
                    for (var k = 0; k < 4; k++)
                    {
                        UpperBits(q0, q1, q2, q3, 2 * k).Store((uint*)(groups + (k * GroupBytes) + 256 + (64 * half)));
                    }
                }
            }

            PanelScaleRows.Words(block + 208, stride, panel);
            PanelTranspose.Words(block + 192, stride, panel + Format.HeaderBytes, GroupBytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> UpperBits(Vector512<uint> q0, Vector512<uint> q1, Vector512<uint> q2, Vector512<uint> q3, int shift)
    {
        var two = Vector512.Create(0x03030303u);
        return ((q0 >> shift) & two) | (((q1 >> shift) & two) << 2) | (((q2 >> shift) & two) << 4) | (((q3 >> shift) & two) << 6);
    }
}
