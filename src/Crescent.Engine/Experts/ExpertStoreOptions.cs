using Crescent.Engine.Experts.Eviction;
using Crescent.Kernels;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>How experts are kept and read.</summary>
public sealed record ExpertStoreOptions
{
    /// <summary>Most bytes of the process's resident set.</summary>
    public required long Memory { get; init; }

    /// <summary>Folders with copies of the checkpoint's files, best on other drives.</summary>
    public IReadOnlyList<string> Also { get; init; } = [];

    /// <summary>Most slots of a layer, however much memory there is: for measurements and tests. 0 for as many as memory allows.</summary>
    public int MostSlots { get; init; }

    public EvictionPolicyKind Policy { get; init; } = EvictionPolicyKind.Gate;

    public IsaLevel Isa { get; init; } = IsaLevels.Best;

    public DriveReaderOptions Drive { get; init; } = new();

    /// <summary>How the reads in flight and their size are chosen; null leaves those of <see cref="Drive"/>.</summary>
    public DriveChoiceOptions? Choice { get; init; }

    /// <summary>File that keeps which experts were resident, for the next start; null for none.</summary>
    public string? UsagePath { get; init; }

    /// <summary>How long a step waits for the drive to bring anything before it gives up.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether experts of the next layer are read ahead while the drive has nothing else to do.</summary>
    public bool ReadsAhead { get; init; } = true;

    /// <summary>Bytes of a slot from which on most of a layer's are made in the background; what is smaller is made as it is needed.</summary>
    internal long LeastMadeAhead { get; init; } = 2 << 20;

    /// <summary>Slots of a layer that are made as they are needed even so.</summary>
    internal int MostMadeAtOnce { get; init; } = 8;

    /// <summary>Makes the reader; tests put one on a failing drive in its place.</summary>
    internal Func<DriveReaderOptions, DriveReader> CreateReader { get; init; } = static drive => new DriveReader(drive);
}
