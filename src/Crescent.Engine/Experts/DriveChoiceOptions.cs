namespace Crescent.Engine.Experts;

/// <summary>How the number and the size of reads are chosen: by measuring the drive, unless it was measured before or both are given.</summary>
public sealed record DriveChoiceOptions
{
    /// <summary>Reads in flight; null to choose.</summary>
    public int? Depth { get; init; }

    /// <summary>Bytes of a read; null to choose.</summary>
    public int? BlockBytes { get; init; }

    /// <summary>Folder that keeps choices for later starts; null for none.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether to measure even where a choice is kept.</summary>
    public bool IsAnew { get; init; }
}
