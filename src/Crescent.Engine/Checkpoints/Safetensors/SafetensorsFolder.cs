using System.Collections.ObjectModel;
using System.Runtime.InteropServices;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>
/// The safetensors files of one model: the shards of an index, all files of a folder without one, or a single file. It owns the files; tensors point
/// into them until Dispose. Opening reads the headers alone.
/// </summary>
public sealed class SafetensorsFolder : IDisposable
{
    private const string IndexExtension = ".index.json";
    private const string DefaultIndex = "model.safetensors.index.json";
    private const string DefaultFile = "model.safetensors";
    private const string Pattern = "*.safetensors";
    private const int ShownNames = 3;
    private readonly SequentialPopulation _population;

    private SafetensorsFolder(string path, List<SafetensorsFile> files, Dictionary<string, IReadOnlyList<SafetensorsTensor>> tensors)
    {
        Path = path;
        Files = files.AsReadOnly();
        Tensors = new ReadOnlyDictionary<string, IReadOnlyList<SafetensorsTensor>>(tensors);
        TotalBytes = files.Sum(file => file.Bytes.Length);
        _population = new SequentialPopulation(files.ConvertAll(file => file.Mapped));
    }

    /// <summary>What was opened: a folder, an index or a file.</summary>
    public string Path { get; }

    /// <summary>The files in the order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files { get; }

    /// <summary>Bytes of all files.</summary>
    public long TotalBytes { get; }

    /// <summary>The tensors of each name in the order of the files: one, but for tensor-parallel releases, whose shards repeat names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SafetensorsTensor>> Tensors { get; }

    /// <summary>Whether there is something to open: an index or a safetensors file.</summary>
    public static bool Exists(string folder) =>
        Directory.Exists(folder) && (FindIndexes(folder).Length > 0 || FileMapping.List(folder, Pattern).Length > 0);

    /// <param name="path">A folder, an index, or one safetensors file.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged, or not a safetensors file; or an index names tensors that its files lack.</exception>
    public static SafetensorsFolder Open(string path) => Open(path, FilePlaces.None);

    internal static SafetensorsFolder Open(string path, FilePlaces places)
    {
        var index = Directory.Exists(path) ? FindIndex(path) : path.EndsWith(IndexExtension, StringComparison.OrdinalIgnoreCase) ? path : null;
        var files = new List<SafetensorsFile>();
        try
        {
            return index is null ? Open(path, Directory.Exists(path) ? FindFiles(path) : [path], files) : OpenIndex(path, index, places, files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Reads the files ahead in the background, one after the other. Only sensible where they fit in memory.</summary>
    public void PopulateInBackground() => _population.Start();

    /// <summary>Waits for <see cref="PopulateInBackground"/> to end, where it was asked for.</summary>
    public void WaitUntilPopulated() => _population.Wait();

    public void Dispose()
    {
        _population.Stop();
        foreach (var file in Files)
        {
            file.Dispose();
        }

        _population.Wait();
    }

    private static SafetensorsFolder Open(string path, IReadOnlyList<string> paths, List<SafetensorsFile> files)
    {
        foreach (var file in paths)
        {
            files.Add(SafetensorsFile.Open(file));
        }

        Dictionary<string, IReadOnlyList<SafetensorsTensor>> tensors = new(files.Sum(file => file.Tensors.Count));
        foreach (var tensor in files.SelectMany(file => file.Tensors))
        {
            ref var same = ref CollectionsMarshal.GetValueRefOrAddDefault(tensors, tensor.Name, out var exists);
            same = exists ? [.. same!, tensor] : [tensor];
        }

        return new SafetensorsFolder(path, files, tensors);
    }

    private static SafetensorsFolder OpenIndex(string path, string indexPath, FilePlaces places, List<SafetensorsFile> files)
    {
        var index = SafetensorsIndex.Read(indexPath);
        var folder = System.IO.Path.GetDirectoryName(indexPath)!;
        var paths = index.Files.Values.Distinct().Order(StringComparer.Ordinal).ToDictionary(name => name, name => places.Find(System.IO.Path.Combine(folder, name)) ?? "");
        var missing = paths.Where(pair => pair.Value.Length == 0).Select(pair => pair.Key).ToArray();
        if (missing.Length > 0)
        {
            throw new CheckpointException($"{indexPath}: expected {paths.Count} files, found {missing.Length} missing{places.Elsewhere}: {Shown(missing)}");
        }

        var opened = Open(path, [.. paths.Values], files);
        var absent = index.Files.Where(pair => !Holds(opened, pair.Key, paths[pair.Value])).Select(pair => $"'{FileText.Escape(pair.Key)}' of {pair.Value}").ToArray();
        return absent.Length == 0
            ? opened
            : throw new CheckpointException($"{indexPath}: expected its tensors in the files it names, found {absent.Length} missing: {Shown(absent)}");
    }

    private static bool Holds(SafetensorsFolder folder, string name, string path)
    {
        if (folder.Tensors.TryGetValue(name, out var tensors))
        {
            foreach (var tensor in tensors)
            {
                if (tensor.File == path)
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Indexes of other formats (pytorch_model.bin.index.json) stand beside ours in some folders.
    private static string[] FindIndexes(string folder) =>
        Array.FindAll(FileMapping.List(folder, "*" + IndexExtension), path => !path.EndsWith(".bin" + IndexExtension, StringComparison.OrdinalIgnoreCase));

    private static string? FindIndex(string folder)
    {
        var indexes = FindIndexes(folder);
        return Array.Find(indexes, path => System.IO.Path.GetFileName(path) == DefaultIndex) ?? indexes switch
        {
            [] => null,
            [var only] => only,
            _ => throw new CheckpointException($"{folder}: expected one index, found {indexes.Length}: {Shown(indexes.Select(path => System.IO.Path.GetFileName(path)!))}; name one of them"),
        };
    }

    private static string[] FindFiles(string folder)
    {
        var files = FileMapping.List(folder, Pattern);
        return Array.Find(files, path => System.IO.Path.GetFileName(path) == DefaultFile) is { } whole ? [whole]
            : files.Length > 0 ? files
            : throw new CheckpointException($"{folder}: expected {DefaultIndex} or safetensors files, found neither");
    }

    private static string Shown(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return string.Join(", ", all.Take(ShownNames)) + (all.Length > ShownNames ? $" and {all.Length - ShownNames} more" : "");
    }
}
