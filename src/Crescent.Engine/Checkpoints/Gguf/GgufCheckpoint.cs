using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.RegularExpressions;
using Crescent.Kernels.Memory;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>A GGUF model, one file or all its shards.</summary>
public sealed partial class GgufCheckpoint : Checkpoint
{
    private const string SplitCountKey = "split.count";
    private const string SplitNumberKey = "split.no";
    private const string SplitTensorsKey = "split.tensors.count";
    private readonly List<GgufFile> _files;
    private readonly SequentialPopulation _population;

    private GgufCheckpoint(string path, List<GgufFile> files, GgufMetadata metadata, Dictionary<string, CheckpointTensor> tensors)
    {
        Path = path;
        _files = files;
        _population = new SequentialPopulation(files.ConvertAll(file => file.Mapped));
        Files = files.ConvertAll(file => file.Path).AsReadOnly();
        Metadata = metadata;
        Tensors = new ReadOnlyDictionary<string, CheckpointTensor>(tensors);
        TotalBytes = files.Sum(file => file.Bytes.Length);
    }

    public override string Path { get; }

    public override IReadOnlyList<string> Files { get; }

    /// <summary>The first file's metadata: only that one is certain to be complete.</summary>
    public override GgufMetadata Metadata { get; }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    public override long TotalBytes { get; }

    internal override IReadOnlyList<MappedFile> Mappings => _files.ConvertAll(file => file.Mapped);

    public override bool HasPermutedLlamaHeads => true;

    /// <exception cref="CheckpointException">The file or one of its shards is missing, damaged, not GGUF, or of a kind this engine does not read.</exception>
    public static new GgufCheckpoint Open(string path) => Open(path, FilePlaces.None);

    internal static GgufCheckpoint Open(string path, FilePlaces places)
    {
        var files = new List<GgufFile>();
        try
        {
            return Open(path, places, files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public override Tokenizer ReadTokenizer(GgufMetadata metadata) => GgufTokenizer.Read(metadata, Path);

    public override void PopulateInBackground() => _population.Start();

    public override void WaitUntilPopulated() => _population.Wait();

    protected override void Dispose(bool disposing)
    {
        _population.Stop();
        _files.ForEach(file => file.Dispose());
        _population.Wait();
    }

    private static GgufCheckpoint Open(string path, FilePlaces places, List<GgufFile> files)
    {
        var header = Add(path, files);
        var metadata = new GgufMetadata(path, header.Entries);
        var tensors = new Dictionary<string, CheckpointTensor>(header.Tensors.Count);
        AddTensors(tensors, header);
        if (metadata.TryGetInt32(SplitCountKey, out var shards) && shards > 1)
        {
            AddShards(path, places, shards, metadata, files, tensors);
        }

        return new GgufCheckpoint(path, files, metadata, tensors);
    }

    private static GgufHeader Add(string path, List<GgufFile> files)
    {
        var file = GgufFile.Open(path);
        files.Add(file);
        return GgufHeader.Read(file);
    }

    private static void AddTensors(Dictionary<string, CheckpointTensor> tensors, GgufHeader header)
    {
        foreach (var tensor in header.Tensors)
        {
            if (!tensors.TryAdd(tensor.Name, tensor))
            {
                throw new CheckpointException($"{tensor.File}: tensor '{tensor.Name}': expected each tensor in one shard, found it in {tensors[tensor.Name].File} too");
            }
        }
    }

    private static void AddShards(string path, FilePlaces places, int shards, GgufMetadata metadata, List<GgufFile> files, Dictionary<string, CheckpointTensor> tensors)
    {
        var name = ShardName().Match(path);
        if (!name.Success || Number(name, 3) != shards)
        {
            throw new CheckpointException(
                $"{path}: {SplitCountKey} is {shards}: expected a name that ends in -00001-of-{shards:D5}.gguf, found '{System.IO.Path.GetFileName(path)}'; give the shards their names back");
        }

        if (metadata.GetInt32(SplitNumberKey) != 0 || Number(name, 2) != 1)
        {
            throw new CheckpointException(
                $"{path}: expected the first shard, found shard {metadata.GetInt32(SplitNumberKey) + 1L} of {shards}; open {Shard(name, 1, shards)}");
        }

        for (var i = 1; i < shards; i++)
        {
            var beside = Shard(name, i + 1, shards);
            var shardPath = places.Find(beside) ?? throw new CheckpointException($"{path}: expected {shards} shards, found no {beside}{places.Elsewhere}");

            var header = Add(shardPath, files);
            var shard = new GgufMetadata(shardPath, header.Entries);
            RequireShard(shard.GetInt32(SplitCountKey), shards, SplitCountKey, shardPath);
            RequireShard(shard.GetInt32(SplitNumberKey), i, SplitNumberKey, shardPath);
            AddTensors(tensors, header);
        }

        RequireShard(tensors.Count, metadata.GetInt32(SplitTensorsKey), "tensors of all shards together", path);
    }

    private static void RequireShard(int found, int expected, string what, string path)
    {
        if (found != expected)
        {
            throw new CheckpointException($"{path}: {what}: expected {expected}, found {found}");
        }
    }

    private static int Number(Match name, int group) => int.Parse(name.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static string Shard(Match name, int number, int shards) => string.Create(CultureInfo.InvariantCulture, $"{name.Groups[1].Value}-{number:D5}-of-{shards:D5}.gguf");

    [GeneratedRegex(@"^(.*)-([0-9]{5})-of-([0-9]{5})\.gguf\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();
}
