using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct Q4_0Packer : IPanelPacker
{
    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.Half, 3, []);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(Q4_0), 2, false, rows.Codes, sizeof(Q4_0), rows.Stride, 2, blocks, panel);
}
