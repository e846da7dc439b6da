using System.IO.Hashing;
using System.Text;
using Crescent.Engine.Checkpoints;

namespace Crescent.Cli;

/// <summary>Where a model's file of resident experts is.</summary>
internal static class ExpertUsageFile
{
    /// <summary>A path by the model's own; null where there is no folder for it.</summary>
    public static string? PathOf(string model)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(model));
        return CacheFolder.Of("experts") is { } folder
            ? Path.Combine(folder, $"{Path.GetFileName(full)}-{Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(full)))}.txt")
            : null;
    }
}
