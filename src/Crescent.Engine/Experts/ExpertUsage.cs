using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Experts;

/// <summary>
/// The file that keeps which experts were resident: a line that names the format, one with a hash of the model's files, then a line for each layer with the experts' numbers, best
/// first. Content that does not fit the model is ignored: it would change times, never results.
/// </summary>
internal static class ExpertUsage
{
    private const string Format = "crescent experts 1";
    private const long MostBytes = 4 << 20;

    /// <summary>A hash of what tells one model's files from another's: paths, sizes and times.</summary>
    public static string KeyOf(Checkpoint checkpoint)
    {
        var hash = new XxHash128();
        foreach (var path in checkpoint.Files)
        {
            var file = new FileInfo(path);
            hash.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file.FullName}\n{file.Length}\n{file.LastWriteTimeUtc.Ticks}\n")));
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>[layers][experts], best first; null where there is no file that fits.</summary>
    public static IReadOnlyList<IReadOnlyList<int>>? TryRead(string path, string key, IReadOnlyList<int> expertsOfLayers)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: <= MostBytes })
            {
                return null;
            }

            var lines = File.ReadAllLines(path);
            return lines.Length == expertsOfLayers.Count + 2 && lines[0] == Format && lines[1] == key ? ReadLayers(lines.AsSpan(2), expertsOfLayers) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes the file, or leaves it as it was where that fails: it is a help, nothing more.</summary>
    public static void TrySave(string path, string key, IEnumerable<IEnumerable<int>> order)
    {
        var partial = $"{path}.{Environment.ProcessId}.partial";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllLines(partial, [Format, key, .. order.Select(layer => string.Join(' ', layer))]);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(partial);
        }
    }

    private static IReadOnlyList<int>[]? ReadLayers(ReadOnlySpan<string> lines, IReadOnlyList<int> expertsOfLayers)
    {
        var order = new IReadOnlyList<int>[lines.Length];
        for (var layer = 0; layer < lines.Length; layer++)
        {
            var experts = new List<int>();
            foreach (var word in lines[layer].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var expert) || expert >= expertsOfLayers[layer])
                {
                    return null;
                }

                experts.Add(expert);
            }

            order[layer] = [.. experts.Distinct()];
        }

        return order;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whatever kept it from being written keeps it from being removed.
        }
    }
}
