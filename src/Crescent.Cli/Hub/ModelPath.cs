namespace Crescent.Cli.Hub;

/// <summary>What a MODEL argument means: a path that exists; else a model of the store, by <c>org/name</c> or its last part, with <c>:quant</c> where it has several.</summary>
internal static class ModelPath
{
    private static readonly string[] s_fileEndings = [".gguf", ".safetensors", ".json", ".model", ".bin"];

    /// <exception cref="CommandFailedException">There is no such file and no such model, or it is not whole.</exception>
    public static string Resolve(string text)
    {
        if (File.Exists(text) || Directory.Exists(text))
        {
            return text;
        }

        var (name, quant) = HubId.SplitQuant(text);
        var id = HubId.TryParse(text);
        // Anything that cannot be a name is a path, and needs no store.
        var found = id is not null || (HubId.IsPart(name) && quant != "") ? ModelStore.FromEnvironment().Find(name) : null;
        if (found is not null)
        {
            return PathOf(found, quant);
        }

        var pull = id is not null && !s_fileEndings.Any(ending => text.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) ? $"; 'crescent pull {text}' downloads it" : "";
        throw new CommandFailedException($"{text}: no such file, and no model of this name in the store{pull}");
    }

    /// <summary>All that can be run of a model in the store: its name, with <c>:quant</c> where it has several, and its path.</summary>
    public static IEnumerable<(string Name, string Path)> AllOf(StoredFolder stored)
    {
        var files = stored.Model?.Files ?? [];
        var models = GgufModels.Among(files.Select(file => file.Path)).Where(model => IsUsable(model, files)).ToArray();
        return HasSafetensors(files) || models.Length == 0
            ? stored.IsComplete ? [(stored.Id.Name, stored.Path)] : []
            : models.Select(model => (models.Length == 1 ? stored.Id.Name : $"{stored.Id.Name}:{model.Label}", SafePath.Combine(stored.Path, model.Shards[0])));
    }

    private static string PathOf(StoredFolder stored, string? quant)
    {
        var files = stored.Model?.Files ?? [];
        var models = GgufModels.Among(files.Select(file => file.Path)).Where(model => IsUsable(model, files)).ToArray();
        var again = $"'crescent pull {stored.Id.Name}{(quant is null ? "" : ":" + quant)}'";
        if (quant is not null)
        {
            return GgufModels.Matching(models, quant) switch
            {
                [var model] => SafePath.Combine(stored.Path, model.Shards[0]),
                [] => throw new CommandFailedException($"{stored.Id.Name}: '{quant}' is not in the store{(models.Length > 0 ? $", only {FileSelection.Name(stored.Id, models)}" : "")}; {again} downloads it"),
                var several => throw new CommandFailedException($"{stored.Id.Name}: expected one model for '{quant}', found {several.Count}: name one of {FileSelection.Name(stored.Id, several)}"),
            };
        }

        return models switch
        {
            [var model] when !HasSafetensors(files) => SafePath.Combine(stored.Path, model.Shards[0]),
            { Length: > 1 } when !HasSafetensors(files) => throw new CommandFailedException($"{stored.Id.Name}: expected one model, found {models.Length}: name one of {FileSelection.Name(stored.Id, models)}"),
            _ when stored.IsComplete => stored.Path,
            _ => throw new CommandFailedException($"{stored.Id.Name}: its download is not complete; {again} goes on with it"),
        };
    }

    // Whole, and of one commit.
    private static bool IsUsable(GgufModel model, IReadOnlyList<StoredFile> files) =>
        model.IsWhole && files.Where(file => model.Shards.Contains(file.Path)).Select(file => file.Commit).Distinct().Count() == 1;

    private static bool HasSafetensors(IReadOnlyList<StoredFile> files) => files.Any(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal));
}
