using System.IO.Enumeration;

namespace Crescent.Cli.Hub;

/// <summary>Which of a repository's files make a model that can be run.</summary>
internal static class FileSelection
{
    private const int MostNamed = 12;
    private const string GrokFolder = "ckpt-0/";

    // Beside the weights of a safetensors model: configuration, tokenizer, chat template.
    private static readonly string[] s_companions = ["*.json", "*.jinja", "tokenizer.model", "tiktoken.model", "*.tiktoken", "*.txt"];

    /// <param name="include">Patterns of the files to take instead of the usual ones; <c>*</c> also stands for folders.</param>
    /// <exception cref="CommandFailedException">There is no such model in the repository, or more than one; the message lists what there is.</exception>
    public static IReadOnlyList<HubFile> Choose(HubId id, IReadOnlyList<HubFile> files, IReadOnlyList<string> include)
    {
        HubFile[] chosen = include.Count > 0 ? Included(id, files, include) : Usual(id, files);
        foreach (var file in chosen)
        {
            if (SafePath.Objection(file.Path) is { } objection)
            {
                throw new CommandFailedException($"{id.Name}: refused file name '{SafePath.Printable(file.Path)}' of the listing: {objection}");
            }
        }

        RefuseClashes(id, chosen);
        return chosen;
    }

    private static HubFile[] Usual(HubId id, IReadOnlyList<HubFile> files)
    {
        if (id.Quant is null && Safetensors(files) is { Length: > 0 } weights)
        {
            return [.. weights, .. files.Where(file => !file.Path.Contains('/') && IsCompanion(file.Path))];
        }

        if (id.Quant is null && files.Where(file => file.Path.StartsWith(GrokFolder, StringComparison.Ordinal)).ToArray() is { Length: > 0 } pickles)
        {
            return [.. pickles, .. files.Where(file => file.Path == "tokenizer.model")];
        }

        var shards = OnlyGguf(id, files).Shards.ToHashSet(StringComparer.Ordinal);
        return [.. files.Where(file => shards.Contains(file.Path))];
    }

    private static HubFile[] Included(HubId id, IReadOnlyList<HubFile> files, IReadOnlyList<string> include)
    {
        var labelled = id.Quant is null ? null : GgufModels.Matching(GgufModels.Among(files.Select(file => file.Path)), id.Quant).SelectMany(model => model.Shards).ToHashSet(StringComparer.Ordinal);
        var chosen = files.Where(file => include.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, file.Path, ignoreCase: false)) && labelled?.Contains(file.Path) != false).ToArray();
        return chosen.Length > 0 ? chosen : throw new CommandFailedException($"{id.Name}: no file matches --include {string.Join(' ', include)}; {Describe(files)}");
    }

    // In the repository's own folder only: others hold copies in other forms. Mistral's "consolidated" is such a copy too.
    private static HubFile[] Safetensors(IReadOnlyList<HubFile> files)
    {
        var all = files.Where(file => !file.Path.Contains('/') && file.Path.EndsWith(".safetensors", StringComparison.Ordinal)).ToArray();
        var named = all.Where(file => !file.Path.StartsWith("consolidated", StringComparison.Ordinal)).ToArray();
        return named.Length > 0 ? named : all;
    }

    private static bool IsCompanion(string path) => s_companions.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, path, ignoreCase: false));

    private static GgufModel OnlyGguf(HubId id, IReadOnlyList<HubFile> files)
    {
        var models = GgufModels.Among(files.Select(file => file.Path));
        var matching = id.Quant is { } label ? GgufModels.Matching(models, label) : models;
        return matching switch
        {
            [{ IsWhole: true } model] => model,
            [var model] => throw new CommandFailedException($"{id.Name}: {SafePath.Printable(model.Name)}: expected {model.ShardCount} shards, found {model.Shards.Count}"),
            [] when models.Count == 0 => throw new CommandFailedException($"{id.Name}: expected GGUF or safetensors files, found none{(id.Quant is null ? "" : $" for '{id.Quant}'")}; {Describe(files)}"),
            [] => throw new CommandFailedException($"{id.Name}: no GGUF file for '{id.Quant}'; there is {Name(id, models)}"),
            _ => throw new CommandFailedException($"{id.Name}: expected one model{(id.Quant is null ? "" : $" for '{id.Quant}'")}, found {matching.Count}: name one of {Name(id, matching)}"),
        };
    }

    /// <summary>How models are told apart: by their types, and by their names where those are the same.</summary>
    public static string Name(HubId id, IReadOnlyList<GgufModel> models)
    {
        var labels = models.Select(model => model.Label).ToArray();
        var distinct = labels.Distinct(StringComparer.OrdinalIgnoreCase).Count() == labels.Length;
        return Listed([.. distinct ? labels.Select(label => $"{id.Name}:{label}") : models.Select(model => model.Name)]);
    }

    private static string Describe(IReadOnlyList<HubFile> files) => files.Count == 0 ? "it has no files" : $"it has {Listed([.. files.Select(file => file.Path)])}";

    private static string Listed(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostNamed).Select(SafePath.Printable)) + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "");

    // Two names that are one file on systems that ignore case, or a file where another needs a folder.
    private static void RefuseClashes(HubId id, IReadOnlyList<HubFile> files)
    {
        var paths = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            if (!paths.Add(file.Path))
            {
                throw new CommandFailedException($"{id.Name}: refused file name '{SafePath.Printable(file.Path)}': the listing has it twice, or but for upper and lower case");
            }
        }

        foreach (var file in files)
        {
            for (var at = file.Path.IndexOf('/', StringComparison.Ordinal); at > 0; at = file.Path.IndexOf('/', at + 1))
            {
                if (paths.Contains(file.Path[..at]))
                {
                    throw new CommandFailedException($"{id.Name}: refused file name '{SafePath.Printable(file.Path)}': '{SafePath.Printable(file.Path[..at])}' is a file, too");
                }
            }
        }
    }
}
