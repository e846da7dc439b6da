using System.Globalization;
using System.Text.RegularExpressions;

namespace Crescent.Cli.Hub;

/// <summary>One GGUF model among a repository's files: a file, or the shards of a split.</summary>
internal sealed record GgufModel(string Name, IReadOnlyList<string> Shards, int ShardCount)
{
    public bool IsWhole => Shards.Count == ShardCount;

    /// <summary>The type in its name, such as <c>Q4_K_M</c>; its whole name where there is none.</summary>
    public string Label => GgufModels.LabelOf(Name) ?? Name;
}

/// <summary>Finds GGUF models among file names, and the one that a quant label means.</summary>
internal static partial class GgufModels
{
    private const string Ending = ".gguf";
    private const int MostShards = 99_999;

    /// <summary>All models, vision projectors and importance matrices aside.</summary>
    public static IReadOnlyList<GgufModel> Among(IEnumerable<string> paths) =>
    [
        .. paths.Where(path => path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase) && !IsExtra(path))
            .Select(path => (Path: path, Split: ShardName().Match(path)))
            .GroupBy(
                file => file.Split.Success ? (file.Split.Groups["name"].Value, Count(file.Split)) : (file.Path[..^Ending.Length], 1),
                file => file.Path)
            .Select(group => new GgufModel(group.Key.Item1, [.. group.Order(StringComparer.Ordinal)], group.Key.Item2))
            .OrderBy(model => model.Name, StringComparer.Ordinal),
    ];

    /// <summary>The models that a label can mean: those that have it as a word of their name; else those that merely hold it.</summary>
    public static IReadOnlyList<GgufModel> Matching(IReadOnlyList<GgufModel> models, string label)
    {
        var words = models.Where(model => HoldsWord(model.Name, label)).ToArray();
        return words.Length > 0 ? words : [.. models.Where(model => model.Name.Contains(label, StringComparison.OrdinalIgnoreCase))];
    }

    public static string? LabelOf(string name) => TypeName().Matches(name) is { Count: > 0 } matches ? matches[^1].Groups[1].Value.ToUpperInvariant() : null;

    private static bool IsExtra(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name.StartsWith("mmproj", StringComparison.OrdinalIgnoreCase) || name.StartsWith("imatrix", StringComparison.OrdinalIgnoreCase);
    }

    private static bool HoldsWord(string name, string label)
    {
        for (var at = 0; (at = name.IndexOf(label, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            if ((at == 0 || !IsWord(name[at - 1])) && (at + label.Length == name.Length || !IsWord(name[at + label.Length])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWord(char character) => char.IsLetterOrDigit(character) || character == '_';

    private static int Count(Match split) => Math.Clamp(int.Parse(split.Groups["count"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture), 1, MostShards);

    [GeneratedRegex(@"^(?<name>.*)-[0-9]{5}-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex ShardName();

    [GeneratedRegex(@"(?<![A-Za-z0-9])((?:UD-)?(?:I?Q[1-8]_[A-Z0-9_]+|TQ[12]_0|BF16|F16|F32|MXFP4(?:_MOE)?))(?![A-Za-z0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TypeName();
}
