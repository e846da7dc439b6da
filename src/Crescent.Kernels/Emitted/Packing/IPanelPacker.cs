using Crescent.Kernels.MatMul;

namespace Crescent.Kernels.Emitted.Packing;

/// <summary>How a format's rows are laid side by side.</summary>
internal unsafe interface IPanelPacker
{
    static abstract PanelFormat Format { get; }

    /// <summary>Packs 16 rows.</summary>
    /// <param name="blocks">Blocks of a row: of 32 columns, or super-blocks.</param>
    /// <param name="panel"><see cref="PanelFormat.PanelBytes"/></param>
    static abstract void Pack(in WeightRows rows, int blocks, byte* panel);
}
