using System.Globalization;
using System.Text.RegularExpressions;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>
/// Grok-1 as it was released: a folder <c>ckpt-0</c> of pickles <c>tensor00000_000</c>, <c>tensor00001_000</c>, …, two and twelve a layer. It owns the
/// files; tensors point into them until Dispose. Nothing in a pickle is executed.
/// </summary>
public sealed partial class GrokFolder : IDisposable
{
    private const string CheckpointFolder = "ckpt-0";
    private const string Pattern = "tensor*";
    private const int TensorsOutsideLayers = 2;
    private const int TensorsPerLayer = 12;
    private const int ShownNames = 3;
    private readonly List<GrokFile> _files;
    private readonly SequentialPopulation _population;

    private GrokFolder(string path, List<GrokFile> files)
    {
        Path = path;
        _files = files;
        _population = new SequentialPopulation(files.ConvertAll(file => file.Mapped));
        Tensors = files.ConvertAll(file => file.Tensor).AsReadOnly();
        TotalBytes = files.Sum(file => file.Mapped.Bytes.Length);
    }

    /// <summary>The folder of the files.</summary>
    public string Path { get; }

    /// <summary>The tensors by their number: 2 + 12 · layers.</summary>
    public IReadOnlyList<GrokTensor> Tensors { get; }

    /// <summary>Layers that the tensors are for.</summary>
    public int Layers => (Tensors.Count - TensorsOutsideLayers) / TensorsPerLayer;

    /// <summary>Bytes of all files.</summary>
    public long TotalBytes { get; }

    internal IReadOnlyList<MappedFile> Mappings => _files.ConvertAll(file => file.Mapped);

    /// <summary>Whether the path is a release's folder or its <c>ckpt-0</c>.</summary>
    public static bool Exists(string path) => Directory.Exists(path) && FindNames(FolderOf(path)).Length > 0;

    /// <param name="path">A folder that holds <c>ckpt-0</c>, or <c>ckpt-0</c> itself.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged, or holds anything but arrays.</exception>
    public static GrokFolder Open(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new CheckpointException($"{path}: expected a folder that holds {CheckpointFolder}, found {(File.Exists(path) ? "a file" : "nothing")}");
        }

        var folder = FolderOf(path);
        var files = new List<GrokFile>();
        try
        {
            foreach (var file in FindFiles(folder))
            {
                files.Add(GrokFile.Open(file));
            }

            return new GrokFolder(folder, files);
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
        _files.ForEach(file => file.Dispose());
        _population.Wait();
    }

    private static string FolderOf(string path)
    {
        var inner = System.IO.Path.Combine(path, CheckpointFolder);
        return Directory.Exists(inner) ? inner : path;
    }

    private static Match[] FindNames(string folder) =>
        [.. FileMapping.List(folder, Pattern).Select(file => TensorName().Match(System.IO.Path.GetFileName(file))).Where(name => name.Success)];

    private static IEnumerable<string> FindFiles(string folder)
    {
        var names = FindNames(folder);
        if (Array.Find(names, name => name.Groups[2].Value != "000") is { } shard)
        {
            throw new CheckpointException(
                $"{folder}: expected the files of one host (tensor00000_000), found {shard.Value}: tensors cut over several hosts are not supported; save the checkpoint from one host");
        }

        var numbers = names.Select(name => int.Parse(name.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).ToHashSet();
        if (numbers.Count == 0)
        {
            throw new CheckpointException($"{folder}: expected {FileName(0)}, {FileName(1)}, …, found none");
        }

        var count = numbers.Max() + 1;
        if (numbers.Count < count)
        {
            var missing = Enumerable.Range(0, count).Where(number => !numbers.Contains(number)).Select(FileName).ToArray();
            var more = missing.Length > ShownNames ? $" and {missing.Length - ShownNames} more" : "";
            throw new CheckpointException($"{folder}: expected {count} files up to {FileName(count - 1)}, found {missing.Length} missing: {string.Join(", ", missing.Take(ShownNames))}{more}");
        }

        return count > TensorsOutsideLayers && (count - TensorsOutsideLayers) % TensorsPerLayer == 0
            ? Enumerable.Range(0, count).Select(number => System.IO.Path.Combine(folder, FileName(number)))
            : throw new CheckpointException($"{folder}: expected {TensorsOutsideLayers} files and {TensorsPerLayer} for each layer, found {count} (is the download complete?)");
    }

    private static string FileName(int number) => string.Create(CultureInfo.InvariantCulture, $"tensor{number:D5}_000");

    [GeneratedRegex(@"^tensor([0-9]{5})_([0-9]{3})\z", RegexOptions.CultureInvariant)]
    private static partial Regex TensorName();
}
