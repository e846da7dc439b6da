namespace Crescent.Kernels.Emitted;

/// <summary>A matrix's rows as panels: of its own, or within those of the matrix that it is a view of.</summary>
/// <param name="FirstPanel">Panels before the view's first.</param>
internal sealed unsafe record PanelRows(PanelCodec Codec, PackedPanels Packed, int FirstPanel)
{
    /// <summary>Panels for a matrix of a format; null where the format has none here.</summary>
    public static PanelRows? Of(DType dtype) => PanelCodecs.Find(dtype) is { } codec ? new PanelRows(codec, new PackedPanels(), 0) : null;

    /// <summary>The panels from some row on. A view that begins inside a panel packs its rows for itself.</summary>
    public PanelRows From(int firstRow) =>
        firstRow % PanelFormat.Rows == 0 ? this with { FirstPanel = FirstPanel + (firstRow / PanelFormat.Rows) } : this with { Packed = new PackedPanels(), FirstPanel = 0 };

    /// <summary>The panel of a row, or null while the matrix is not packed.</summary>
    public byte* AddressOf(int row, long panelBytes)
    {
        var first = Packed.Address;
        return first == null ? null : first + ((FirstPanel + (row / PanelFormat.Rows)) * panelBytes);
    }
}
