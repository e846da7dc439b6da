using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct IQ4_NLPacker : IPanelPacker
{
    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.Half, 7, NibblePacker.ShiftedTable);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(IQ4_NL), 2, false, rows.Codes, sizeof(IQ4_NL), rows.Stride, 2, blocks, panel);
}
