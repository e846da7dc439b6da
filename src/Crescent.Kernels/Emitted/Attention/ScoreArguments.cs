using System.Runtime.InteropServices;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>What a score kernel reads. The emitter knows the positions of the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ScoreArguments
{
    /// <summary>Keys of a block.</summary>
    public const int BlockKeys = 16;

    /// <summary>Most blocks of a call.</summary>
    public const int MostBlocks = 4;

    public fixed long Rows[MostBlocks]; // byte*: the first key of each block
    public fixed long NextRows[MostBlocks]; // byte*: a block to ask memory for while this one is read
    public long Blocks; // 1..MostBlocks
    public long RowStride; // bytes from a key to the next
    public long RowEnd; // bytes of a key, whole chains
    public float* Queries; // [width, 16]
    public float* Decoded; // [BlockKeys, chain], scratch
    public float* Scores; // [Blocks · BlockKeys, 16]
    public float Scale;

    public const int RowsAt = 0;
    public const int NextRowsAt = 8 * MostBlocks;
    public const int BlocksAt = 2 * NextRowsAt;
    public const int RowStrideAt = BlocksAt + 8;
    public const int RowEndAt = BlocksAt + 16;
    public const int QueriesAt = BlocksAt + 24;
    public const int DecodedAt = BlocksAt + 32;
    public const int ScoresAt = BlocksAt + 40;
    public const int ScaleAt = BlocksAt + 48;
}
