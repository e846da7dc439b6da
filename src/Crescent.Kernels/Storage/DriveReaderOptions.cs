namespace Crescent.Kernels.Storage;

/// <summary>How a <see cref="DriveReader"/> reads.</summary>
public sealed record DriveReaderOptions
{
    /// <summary>Most reads that one reader may have in flight.</summary>
    public const int MaxDepth = 256;

    /// <summary>Most bytes of one read.</summary>
    public const int MaxBlockBytes = 64 << 20;

    /// <summary>Fewest bytes of one read.</summary>
    public const int MinBlockBytes = 64 << 10;

    /// <summary>Reads in flight at most.</summary>
    public int Depth { get; init; } = 16;

    /// <summary>Of these, reads ahead of need at most: a demand that comes waits for those in flight.</summary>
    public int AheadDepth { get; init; } = 4;

    /// <summary>Bytes of one read: extents are split into such blocks. A power of two, at least 65536.</summary>
    public int BlockBytes { get; init; } = 1 << 20;

    public ReadBackendKind Backend { get; init; } = ReadBackendKind.Automatic;

    /// <summary>How long Dispose waits for reads in flight.</summary>
    public TimeSpan DisposeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Depth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Depth, MaxDepth);
        ArgumentOutOfRangeException.ThrowIfLessThan(AheadDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AheadDepth, MaxDepth);
        ArgumentOutOfRangeException.ThrowIfLessThan(BlockBytes, MinBlockBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BlockBytes, MaxBlockBytes);
        if (!int.IsPow2(BlockBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(BlockBytes), BlockBytes, "must be a power of two");
        }
    }
}
