using Crescent.Kernels.Emitted.Packing;
using Crescent.Kernels.MatMul;

namespace Crescent.Kernels.Emitted;

/// <summary>What a matrix needs of a format to multiply panels: its kernels, and how rows become panels.</summary>
internal abstract unsafe class PanelCodec(PanelKernels kernels, int blockColumns, int packedItems)
{
    public PanelKernels Kernels { get; } = kernels;

    /// <summary>From this many input rows on, packing rows for one product beats the managed loop.</summary>
    public int PackedItems { get; } = packedItems;

    public PanelFormat Format => Kernels.Format;

    /// <summary>Columns of a block.</summary>
    protected int BlockColumns { get; } = blockColumns;

    /// <summary>Packs 16 rows: <see cref="PanelFormat.PanelBytes"/>.</summary>
    public abstract void Pack(in WeightRows rows, int columns, byte* panel);
}

/// <inheritdoc/>
internal sealed unsafe class PanelCodec<TPacker>(PanelKernels kernels, int blockColumns, int packedItems) : PanelCodec(kernels, blockColumns, packedItems)
    where TPacker : struct, IPanelPacker
{
    public override void Pack(in WeightRows rows, int columns, byte* panel) =>
        TPacker.Pack(rows, columns / BlockColumns, panel);
}
