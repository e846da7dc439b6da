using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

internal readonly unsafe struct MXFP4_SPLITPacker : IPanelPacker
{
    public static PanelFormat Format { get; } = MXFP4Packer.Format;

    public static void Pack(in WeightRows rows, int blocks, byte* panel) =>
        NibblePacker.Pack(rows.Codes, rows.Stride, sizeof(MXFP4_SPLIT), 0, true, rows.Scales, 1, rows.ScaleStride, 1, blocks, panel);
}
