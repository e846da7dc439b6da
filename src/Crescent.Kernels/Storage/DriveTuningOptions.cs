namespace Crescent.Kernels.Storage;

/// <summary>What <see cref="DriveTuning"/> tries.</summary>
public sealed record DriveTuningOptions
{
    /// <summary>Bytes of a read, ascending: powers of two.</summary>
    public IReadOnlyList<int> BlockBytes { get; init; } = [256 << 10, 1 << 20, 4 << 20];

    /// <summary>Reads in flight, ascending.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [4, 8, 16, 32];

    /// <summary>Time that all measurements take together, about.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Most bytes in flight.</summary>
    public long MostBytes { get; init; } = 128 << 20;

    public ReadBackendKind Backend { get; init; } = ReadBackendKind.Automatic;
}
