using Crescent.Kernels.Emitted.Packing;

namespace Crescent.Kernels.Emitted;

/// <summary>The formats that have emitted kernels. Code is written at most once in a process, as compiled methods are.</summary>
internal static class PanelCodecs
{
    // Where it is 2 the managed loop takes one row as fast as packing would, or faster.
    private static readonly Dictionary<DType, Lazy<PanelCodec?>> s_codecs = new()
    {
        [DType.Q4_0] = Of<Q4_0Packer>(32, 2),
        [DType.Q8_0] = Of<Q8_0Packer>(32, 2),
        [DType.INT4_G32] = Of<INT4_G32Packer>(32, 2),
        [DType.IQ4_NL] = Of<IQ4_NLPacker>(32, 1),
        [DType.MXFP4] = Of<MXFP4Packer>(32, 1),
        [DType.MXFP4_SPLIT] = Of<MXFP4_SPLITPacker>(32, 1),
        [DType.Q4_K] = Of<Q4_KPacker>(256, 2),
        [DType.Q5_K] = Of<Q5_KPacker>(256, 2),
        [DType.Q6_K] = Of<Q6_KPacker>(256, 2),
        [DType.IQ4_XS] = Of<IQ4_XSPacker>(256, 1),
    };

    /// <summary>The codec of a format; null where it has none, or where nothing can be emitted here.</summary>
    public static PanelCodec? Find(DType dtype) => s_codecs.TryGetValue(dtype, out var codec) ? codec.Value : null;

    private static Lazy<PanelCodec?> Of<TPacker>(int blockColumns, int packedItems)
        where TPacker : struct, IPanelPacker =>
        new(() => PanelKernels.Create(TPacker.Format, ExecutableCode.Load) is { } kernels ? new PanelCodec<TPacker>(kernels, blockColumns, packedItems) : null);
}
