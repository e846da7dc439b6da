using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct INT4_G32Packer : IPanelPacker
{
    public static PanelFormat Format { get; } = new(PanelCodes.Nibbles, PanelScales.BFloat16, 3, []);

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(INT4_G32), 0, true, rows.Scales, 2, rows.ScaleStride, 2, blocks, panel);
}
