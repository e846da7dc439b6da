using System.Runtime.InteropServices;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>What a score kernel for few queries reads. The emitter knows the positions of the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RowScoreArguments
{
    /// <summary>Most panels of a call.</summary>
    public const int MostPanels = 2;

    public fixed long Rows[MostPanels]; // byte*: the first key of each panel
    public fixed long NextRows[MostPanels]; // byte*: a panel to ask memory for while this one is read
    public long Panels; // 1..MostPanels
    public long RowStride; // bytes from a key to the next
    public long RowEnd; // bytes of a key, whole chains
    public float* Queries; // [queries, QueryStride]
    public long QueryStride; // bytes from a query to the next
    public float* Decoded; // [chain, PanelKeys], scratch
    public float* Scores; // [queries, TilePositions]
    public float Scale;

    public const int RowsAt = 0;
    public const int NextRowsAt = 8 * MostPanels;
    public const int PanelsAt = 2 * NextRowsAt;
    public const int RowStrideAt = PanelsAt + 8;
    public const int RowEndAt = PanelsAt + 16;
    public const int QueriesAt = PanelsAt + 24;
    public const int QueryStrideAt = PanelsAt + 32;
    public const int DecodedAt = PanelsAt + 40;
    public const int ScoresAt = PanelsAt + 48;
    public const int ScaleAt = PanelsAt + 56;
}
