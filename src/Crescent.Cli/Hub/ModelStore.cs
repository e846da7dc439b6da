namespace Crescent.Cli.Hub;

/// <summary>A model's folder in the store, with its description; null where it was never pulled to its end.</summary>
internal sealed record StoredFolder(HubId Id, string Path, StoredModel? Model)
{
    public bool IsComplete => Model is { Complete: true };

    /// <summary>Bytes on the drive, unfinished downloads included.</summary>
    public long Bytes() => new DirectoryInfo(Path).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Sum(file => file.Length);
}

/// <summary>
/// The models on this machine: <c>models/org/name/</c> with the files as published. The folder is <c>CRESCENT_HOME</c>, else <c>crescent</c> in the
/// platform's folder for applications' data.
/// </summary>
internal sealed class ModelStore(string root)
{
    public string Root { get; } = System.IO.Path.GetFullPath(root);

    private string Models => System.IO.Path.Combine(Root, "models");

    /// <exception cref="CommandFailedException">The platform names no folder.</exception>
    public static ModelStore FromEnvironment() => new(
        Environment.GetEnvironmentVariable("CRESCENT_HOME") is { Length: > 0 } home ? home
        : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } folder ? System.IO.Path.Combine(folder, "crescent")
        : throw new CommandFailedException("no folder for models: set CRESCENT_HOME"));

    public string FolderOf(HubId id) => System.IO.Path.Combine(Models, id.Organization, id.Model);

    /// <summary>Where a model's lock is: beside the models, so that removing one does not remove the lock that is held.</summary>
    public string LockOf(HubId id) => System.IO.Path.Combine(Root, "locks", id.Organization, id.Model);

    /// <summary>All models by name, incomplete ones too.</summary>
    public IReadOnlyList<StoredFolder> List() =>
    [
        .. from organization in Folders(Models)
           from model in Folders(organization)
           let id = HubId.TryParse($"{System.IO.Path.GetFileName(organization)}/{System.IO.Path.GetFileName(model)}")
           where id is not null
           orderby id.Name
           select new StoredFolder(id, model, StoredModel.TryRead(model)),
    ];

    /// <summary>The model of a name <c>org/name</c>, or of a last part that only one model has; null for none.</summary>
    /// <exception cref="CommandFailedException">More than one model has this last part.</exception>
    public StoredFolder? Find(string name)
    {
        if (HubId.TryParse(name) is { Quant: null } id)
        {
            var folder = FolderOf(id);
            return Directory.Exists(folder) ? new StoredFolder(id, folder, StoredModel.TryRead(folder)) : null;
        }

        if (!HubId.IsPart(name))
        {
            return null;
        }

        var found = List().Where(model => model.Id.Model == name).ToArray();
        return found.Length <= 1
            ? found.FirstOrDefault()
            : throw new CommandFailedException($"'{name}': expected a name that one stored model has, found {string.Join(", ", found.Select(model => model.Id.Name))}");
    }

    /// <summary>Deletes a model's folder, its description first, so that an interrupted removal leaves no model that looks whole.</summary>
    public void Remove(StoredFolder model)
    {
        using var held = ModelLock.TryTake(this, model.Id, out var owner)
            ?? throw new CommandFailedException($"{model.Id.Name}: {owner} is pulling it");
        File.Delete(System.IO.Path.Combine(model.Path, StoredModel.FileName));
        Directory.Delete(model.Path, recursive: true);
        var organization = System.IO.Path.GetDirectoryName(model.Path)!;
        if (!Directory.EnumerateFileSystemEntries(organization).Any())
        {
            Directory.Delete(organization);
        }
    }

    private static IEnumerable<string> Folders(string path) => Directory.Exists(path) ? Directory.EnumerateDirectories(path) : [];
}
