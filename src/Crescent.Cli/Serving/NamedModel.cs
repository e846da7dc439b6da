using Crescent.Cli.Hub;
using Crescent.Cli.Options;

namespace Crescent.Cli.Serving;

/// <summary>A model that the user wants served.</summary>
/// <param name="Name">For clients.</param>
/// <param name="Path">Its file or folder.</param>
/// <param name="IsNamed">Whether the user named it, rather than its folder: then it must be whole.</param>
internal sealed record NamedModel(string Name, string Path, bool IsNamed)
{
    private const string Store = "store";

    /// <param name="models">Paths or names in the store, each with <c>NAME=</c> before it where the user names it.</param>
    /// <param name="folders">Folders whose models are all meant.</param>
    /// <param name="name">The name of the only model; null for its file's.</param>
    /// <param name="terminal">Brings the built-in model, which is served where no other is named.</param>
    /// <exception cref="CommandFailedException">There is no model, one is missing, or two have one name.</exception>
    public static IReadOnlyList<NamedModel> Read(IReadOnlyList<string> models, IReadOnlyList<string> folders, string? name, Terminal terminal)
    {
        if (models.Count == 0 && folders.Count == 0)
        {
            models = [ModelOptionsArguments.RequirePath(null, terminal)];
        }

        NamedModel[] all = [.. models.Select(Parse), .. folders.SelectMany(InFolder)];
        if (all.Length == 0)
        {
            throw new CommandFailedException($"--models {string.Join(" ", folders)}: expected a folder with models, found none in it");
        }

        if (name is not null)
        {
            return all.Length == 1
                ? [all[0] with { Name = name }]
                : throw new CommandFailedException($"--name: expected one model, found {all.Length}: NAME=PATH names each of several", CommandFailedException.WrongUsage);
        }

        return all.GroupBy(model => model.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new CommandFailedException($"'{twice.Key}' names {string.Join(" and ", twice.Select(model => model.Path))}: name one of them otherwise, NAME=PATH", CommandFailedException.WrongUsage)
            : all;
    }

    private static NamedModel Parse(string text)
    {
        var equals = text.IndexOf('=');
        if (equals <= 0 || File.Exists(text) || Directory.Exists(text))
        {
            var path = ModelOptionsArguments.RequirePath(text, terminal: null);
            return new NamedModel(NameOf(path), path, IsNamed: true);
        }

        return new NamedModel(text[..equals], ModelOptionsArguments.RequirePath(text[(equals + 1)..], terminal: null), IsNamed: true);
    }

    private static string NameOf(string path) => System.IO.Path.GetFileNameWithoutExtension(System.IO.Path.TrimEndingDirectorySeparator(path));

    private static IEnumerable<NamedModel> InFolder(string folder)
    {
        if (folder == Store)
        {
            return ModelStore.FromEnvironment().List().SelectMany(ModelPath.AllOf).Select(model => new NamedModel(model.Name, model.Path, IsNamed: false));
        }

        if (!Directory.Exists(folder))
        {
            throw new CommandFailedException($"--models: no such folder: '{folder}' (store means the models that crescent pull fetched)");
        }

        var folders = Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Select(InSubfolder).OfType<NamedModel>();
        return [.. Files(folder).Select(model => new NamedModel(model.Name, System.IO.Path.Combine(folder, model.Shards[0]), IsNamed: false)), .. folders];
    }

    // As published, or the only GGUF model in a folder of its own.
    private static NamedModel? InSubfolder(string folder) =>
        File.Exists(System.IO.Path.Combine(folder, "config.json")) ? new NamedModel(NameOf(folder), folder, IsNamed: false)
        : Files(folder) is [var model] ? new NamedModel(NameOf(folder), System.IO.Path.Combine(folder, model.Shards[0]), IsNamed: false)
        : null;

    private static GgufModel[] Files(string folder) => [.. GgufModels.Among(Directory.EnumerateFiles(folder).Select(System.IO.Path.GetFileName).OfType<string>()).Where(model => model.IsWhole)];
}
