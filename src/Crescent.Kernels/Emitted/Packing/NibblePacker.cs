using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.MatMul;
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

            c0.Store((uint*)panel);
            c1.Store((uint*)(panel + 64));
            c2.Store((uint*)(panel + 128));
            c3.Store((uint*)(panel + 192));
        }
    }
}

/// <summary>Scales of 16 rows, one after another.</summary>
internal static unsafe class PanelScaleRows
{
    /// <summary>Copies a 16-bit scale of each row; returns where the next go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Words(byte* scale, nint stride, byte* target)
    {
        for (var row = 0; row < PanelFormat.Rows; row++)
        {
            ((ushort*)target)[row] = *(ushort*)(scale + (row * stride));
        }

        return target + (2 * PanelFormat.Rows);
    }

    /// <summary>Copies a byte of each row; returns where the next go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Bytes(byte* scale, nint stride, byte* target)
    {
        for (var row = 0; row < PanelFormat.Rows; row++)
        {
            target[row] = scale[row * stride];
        }

        return target + PanelFormat.Rows;
    }
}

internal readonly unsafe struct Q4_0Packer : IPanelPacker
{
    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.Half, 3, []);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(Q4_0), 2, false, rows.Codes, sizeof(Q4_0), rows.Stride, 2, blocks, panel);
}

internal readonly unsafe struct IQ4_NLPacker : IPanelPacker
{
    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.Half, 7, NibblePacker.ShiftedTable);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(IQ4_NL), 2, false, rows.Codes, sizeof(IQ4_NL), rows.Stride, 2, blocks, panel);
}

internal readonly unsafe struct MXFP4Packer : IPanelPacker
{
    /// <summary>16 above the doubled FP4 (E2M1) values.</summary>
    public static byte[] ShiftedTable { get; } = [16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4];

    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.Exponent, 4, ShiftedTable);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(MXFP4), 1, false, rows.Codes, sizeof(MXFP4), rows.Stride, 1, blocks, panel);
}

internal readonly unsafe struct MXFP4_SPLITPacker : IPanelPacker
{
    public static PanelFormat Format { get; } = MXFP4Packer.Format;

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(MXFP4_SPLIT), 0, true, rows.Scales, 1, rows.ScaleStride, 1, blocks, panel);
}

internal readonly unsafe struct INT4_G32Packer : IPanelPacker
{
    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.BFloat16, 3, []);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(INT4_G32), 0, true, rows.Scales, 2, rows.ScaleStride, 2, blocks, panel);
}
