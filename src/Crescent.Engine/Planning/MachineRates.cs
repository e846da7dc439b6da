namespace Crescent.Engine.Planning;

/// <summary>What a machine gives.</summary>
/// <param name="DriveBytesPerSecond">Direct reads of whole experts.</param>
/// <param name="MemoryBytesPerSecond">Reads of memory by all threads.</param>
/// <param name="MacsPerSecond">Multiplications and additions of a long prompt's products by all threads; infinite where only drive and memory count.</param>
public sealed record MachineRates(double DriveBytesPerSecond, double MemoryBytesPerSecond, double MacsPerSecond = double.PositiveInfinity);

/// <summary>How long each part of a machine is busy with a step.</summary>
public readonly record struct StepTime(double DriveSeconds, double MemorySeconds, double ComputeSeconds)
{
    /// <summary>The step where all parts work at once: the bound.</summary>
    public double Seconds => Math.Max(DriveSeconds, Math.Max(MemorySeconds, ComputeSeconds));

    /// <summary>The step where none does while another works.</summary>
    public double SerialSeconds => DriveSeconds + MemorySeconds + ComputeSeconds;

    /// <summary>
    /// The step as streamed runs have it: what the drive reads is known when a layer's router has run and its products wait for it, so that the drive and the rest take turns.
    /// Products and the memory they read from work at once.
    /// </summary>
    public double ExpectedSeconds => DriveSeconds + Math.Max(MemorySeconds, ComputeSeconds);

    public static StepTime operator +(StepTime a, StepTime b) =>
        new(a.DriveSeconds + b.DriveSeconds, a.MemorySeconds + b.MemorySeconds, a.ComputeSeconds + b.ComputeSeconds);
}
