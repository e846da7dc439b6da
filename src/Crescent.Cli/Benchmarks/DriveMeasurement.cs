using System.Globalization;
using Crescent.Kernels.Storage;

namespace Crescent.Cli.Benchmarks;

/// <summary>Bandwidth of the drive that a file lies on.</summary>
/// <param name="Source">How it was measured, for reports.</param>
internal sealed record DriveMeasurement(double BytesPerSecond, string Source)
{
    private const long LeastBytes = 64 << 10;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(8);

    /// <exception cref="CommandFailedException">The file is too small to measure with.</exception>
    public static DriveMeasurement Measure(string path, Terminal terminal)
    {
        terminal.Detail($"measuring the drive of {path}");
        using var file = DriveFile.Open(path);
        if (file.Length < LeastBytes)
        {
            throw new CommandFailedException($"{path}: expected at least {LeastBytes} bytes to measure a drive with, found {file.Length}");
        }

        var result = DriveProbe.Measure(file, s_limit);
        if (file.BufferedReason is { } reason)
        {
            terminal.Warn($"{path}: the system's cache could not be passed by ({reason}): the drive may be slower than measured");
        }

        var best = result.Best;
        return new DriveMeasurement(best.BytesPerSecond, string.Create(
            CultureInfo.InvariantCulture,
            $"measured: {Sizes.Format(best.BlockBytes)} reads, {best.Depth} at once, {result.BackendName}; first touch {result.FirstTouch.BytesPerSecond / 1e9:0.##} GB/s"));
    }
}
