using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using System.Text;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>
/// The file that keeps how a drive is best read: a line that names the format, one with the drive and what reads it, one with reads in flight, bytes of a read and bytes a second. What is
/// out of range is ignored.
/// </summary>
internal static class DriveChoiceFile
{
    private const string Format = "crescent drive 1";
    private const long MostBytes = 4096;
    private const double MostBytesPerSecond = 1e13;

    public static DriveRate? TryRead(string folder, string key)
    {
        try
        {
            var path = PathOf(folder, key);
            return new FileInfo(path) is { Exists: true, Length: <= MostBytes } && File.ReadAllLines(path) is [Format, var found, var values] && found == key ? Parse(values) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes the file, or leaves it as it was where that fails: it saves time, nothing more.</summary>
    public static void TrySave(string folder, string key, DriveRate rate)
    {
        var path = PathOf(folder, key);
        var partial = $"{path}.{Environment.ProcessId}.partial";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllLines(partial, [Format, key, string.Create(CultureInfo.InvariantCulture, $"{rate.Depth} {rate.BlockBytes} {rate.BytesPerSecond:F0}")]);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next start measures again.
        }
    }

    internal static string PathOf(string folder, string key) => Path.Combine(folder, $"{Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(key)))}.txt");

    private static DriveRate? Parse(string line) =>
        line.Split(' ') is [var depthText, var blockText, var rateText]
        && int.TryParse(depthText, NumberStyles.None, CultureInfo.InvariantCulture, out var depth) && depth is >= 1 and <= DriveReaderOptions.MaxDepth
        && int.TryParse(blockText, NumberStyles.None, CultureInfo.InvariantCulture, out var block) && block is >= DriveReaderOptions.MinBlockBytes and <= DriveReaderOptions.MaxBlockBytes && BitOperations.IsPow2(block)
        && double.TryParse(rateText, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate is >= 1 and <= MostBytesPerSecond
            ? new DriveRate(block, depth, rate)
            : null;
}
