namespace Crescent.Engine.KvCache.Snapshots;

/// <summary>Where snapshots are kept, and which.</summary>
/// <param name="Folder">The folder of all models' snapshots; made when the first is written.</param>
public sealed record PrefixSnapshotOptions(string Folder)
{
    public const long DefaultMaxBytes = 4L << 30;

    public const int DefaultLeastTokens = 256;

    /// <summary>Most bytes of all snapshots; the least recently used go first.</summary>
    public long MaxBytes { get; init; } = DefaultMaxBytes;

    /// <summary>Least tokens of a prefix that is worth a snapshot.</summary>
    public int LeastTokens { get; init; } = DefaultLeastTokens;

    /// <summary>Pause after each page while a snapshot is written beside an answer, so that no token waits long for a core.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest wait for another process that is writing; then the snapshot is left to a later answer.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(2);
}
