namespace Crescent.Kernels.Storage;

/// <summary>What <see cref="DriveProbe"/> found.</summary>
public sealed record DriveProbeResult
{
    /// <summary>Reads of places not read before by the probe: slower than <see cref="Rates"/> where a faster store lies between the drive and the system.</summary>
    public required DriveRate FirstTouch { get; init; }

    /// <summary>Reads at random of places that the probe had read before.</summary>
    public required IReadOnlyList<DriveRate> Rates { get; init; }

    /// <summary>Time from submission to completion of a single read of the smallest size, the median.</summary>
    public required TimeSpan Latency { get; init; }

    public required string BackendName { get; init; }

    /// <summary>The fewest bytes in flight whose rate is within 3 % of the highest.</summary>
    public DriveRate Best => DriveRate.Enough(Rates, 0.97);
}
