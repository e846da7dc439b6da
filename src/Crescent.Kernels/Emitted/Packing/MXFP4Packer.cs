using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct MXFP4Packer : IPanelPacker
{
    /// <summary>16 above the doubled FP4 (E2M1) values.</summary>
    public static byte[] ShiftedTable { get; } = [16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4];

    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.Exponent, 4, ShiftedTable);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(MXFP4), 1, false, rows.Codes, sizeof(MXFP4), rows.Stride, 1, blocks, panel);
}
