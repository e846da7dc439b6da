using System.Globalization;

namespace Crescent.Engine.Checkpoints;

/// <summary>Names of shards: <c>model-00001-of-00003.gguf</c>.</summary>
internal static class ShardNames
{
    /// <summary>The path itself for one shard, else a numbered path for each.</summary>
    public static string[] Of(string path, int shards, string extension) =>
        shards == 1 ? [path] : [.. Enumerable.Range(1, shards).Select(number => string.Create(CultureInfo.InvariantCulture, $"{Stem(path, extension)}-{number:D5}-of-{shards:D5}{extension}"))];

    /// <summary>The path without the extension, if it has it.</summary>
    public static string Stem(string path, string extension) =>
        path.EndsWith(extension, StringComparison.OrdinalIgnoreCase) ? path[..^extension.Length] : path;
}
