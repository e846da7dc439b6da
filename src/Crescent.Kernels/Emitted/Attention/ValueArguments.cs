using System.Runtime.InteropServices;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>What a value kernel reads. The emitter knows the positions of the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ValueArguments
{
    /// <summary>Most runs of values that follow each other in memory.</summary>
    public const int MostRuns = 2;

    public fixed long Rows[MostRuns]; // byte*: the first value of each run
    public fixed long Counts[MostRuns]; // values of each run
    public fixed long NextOffsets[MostRuns]; // bytes from a value to one that memory is asked for meanwhile
    public long RowStride; // bytes from a value to the next
    public long RowEnd; // bytes of a value, whole blocks
    public float* Weights; // [values, 16], or [queries, TilePositions] for few queries
    public float* Carry; // [queries]
    public float* Sums; // [queries, SumStride]
    public long SumStride; // bytes from a query's sums to the next

    public const int RowsAt = 0;
    public const int CountsAt = 8 * MostRuns;
    public const int NextOffsetsAt = 2 * CountsAt;
    public const int RowStrideAt = 3 * CountsAt;
    public const int RowEndAt = RowStrideAt + 8;
    public const int WeightsAt = RowStrideAt + 16;
    public const int CarryAt = RowStrideAt + 24;
    public const int SumsAt = RowStrideAt + 32;
    public const int SumStrideAt = RowStrideAt + 40;
}
