using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
                c0.Store((uint*)codes);
                c1.Store((uint*)(codes + 64));
                c2.Store((uint*)(codes + 128));
                c3.Store((uint*)(codes + 192));
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
