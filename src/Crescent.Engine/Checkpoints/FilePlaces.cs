namespace Crescent.Engine.Checkpoints;

/// <summary>Where the files of a model may be: beside the first one, or under the same names in other folders, best on other drives.</summary>
internal sealed class FilePlaces(IReadOnlyList<string> also)
{
    public static FilePlaces None { get; } = new([]);

    /// <summary>The file that should be at a path, or the one of its name in another folder; null where there is none.</summary>
    public string? Find(string path) =>
        File.Exists(path) ? path : also.Select(folder => Path.Combine(folder, Path.GetFileName(path))).FirstOrDefault(File.Exists);

    /// <summary>The folder and the others, as far as they exist.</summary>
    public IEnumerable<string> Folders(string first) => also.Prepend(first).Where(Directory.Exists);

    /// <summary>For messages: where else was looked.</summary>
    public string Elsewhere => also.Count == 0 ? "" : $" there, nor in {string.Join(", ", also)}";
}
