using Crescent.Engine.KvCache.Snapshots;
using Crescent.Engine.Runtime.Speculation;

namespace Crescent.Engine.Runtime;

/// <summary>Limits of a <see cref="Generator"/>.</summary>
public sealed record GeneratorOptions
{
    /// <summary>Most tokens of a sequence, prompt and answer.</summary>
    public required int Context { get; init; }

    /// <summary>Most sequences in one step.</summary>
    public int MaxSequences { get; init; } = 1;

    /// <summary>Most prompt tokens of one sequence in a step; 0 for the batch's size.</summary>
    public int Chunk { get; init; }

    /// <summary>Most prompt tokens of a step in which other sequences generate, so that they are not held up; 0 for no such limit.</summary>
    public int BusyChunk { get; init; }

    /// <summary>Most cache pages; 0 for as many as the sequences can fill.</summary>
    public int MaxCachePages { get; init; }

    /// <summary>Whether tokens are guessed and computed ahead; null for never.</summary>
    public SpeculationOptions? Speculation { get; init; }

    /// <summary>Stored beginnings of prompts; null for none.</summary>
    public PrefixSnapshotStore? Snapshots { get; init; }
}
