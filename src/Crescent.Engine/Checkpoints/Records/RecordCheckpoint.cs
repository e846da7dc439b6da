using System.Buffers.Binary;
using System.Collections.ObjectModel;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels.Memory;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Checkpoints.Records;

/// <summary>
/// A folder that was made for streaming: <c>backbone.gguf</c> with what every token needs, and files of records, each record an expert in one piece that
/// begins at a multiple of 64 KiB (docs/formats.md).
/// </summary>
public sealed class RecordCheckpoint : Checkpoint
{
    private readonly GgufCheckpoint _backbone;
    private readonly List<(MappedFile Mapping, RecordHeader Header)> _files;
    private bool _disposed;

    private RecordCheckpoint(string path, GgufCheckpoint backbone, List<(MappedFile, RecordHeader)> files, Dictionary<string, CheckpointTensor> tensors)
    {
        (Path, _backbone, _files) = (path, backbone, files);
        Tensors = new ReadOnlyDictionary<string, CheckpointTensor>(tensors);
    }

    public override string Path { get; }

    public override IReadOnlyList<string> Files => [.. _backbone.Files, .. _files.Select(file => file.Mapping.Path)];

    public override long TotalBytes => _backbone.TotalBytes + _files.Sum(file => file.Header.FileLength);

    internal override IReadOnlyList<MappedFile> Mappings => [.. _backbone.Mappings, .. _files.Select(file => file.Mapping)];

    public override GgufMetadata Metadata => _backbone.Metadata;

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    public override bool HasPermutedLlamaHeads => true;

    /// <summary>Whether a folder is of this kind.</summary>
    internal static bool Exists(string folder, FilePlaces places) =>
        File.Exists(System.IO.Path.Combine(folder, RecordFormat.BackboneName)) && places.Folders(folder).Any(place => Directory.EnumerateFiles(place, "*" + RecordFormat.Extension).Any());

    /// <exception cref="CheckpointException">A file is missing or damaged, or of another conversion than the rest.</exception>
    public static new RecordCheckpoint Open(string path) => Open(path, FilePlaces.None);

    internal static RecordCheckpoint Open(string path, FilePlaces places)
    {
        var backbone = GgufCheckpoint.Open(System.IO.Path.Combine(path, RecordFormat.BackboneName), places);
        var files = new List<(MappedFile Mapping, RecordHeader Header)>();
        try
        {
            OpenFiles(path, places, backbone, files);
            var tensors = new Dictionary<string, CheckpointTensor>(backbone.Tensors, StringComparer.Ordinal);
            foreach (var (mapping, header) in files)
            {
                AddTensors(tensors, mapping, header);
            }

            return new RecordCheckpoint(path, backbone, files, tensors);
        }
        catch
        {
            files.ForEach(file => file.Mapping.Dispose());
            backbone.Dispose();
            throw;
        }
    }

    /// <summary>Reads every record and checks its hash.</summary>
    /// <param name="progress">Bytes of records read.</param>
    /// <exception cref="CheckpointException">A record is damaged.</exception>
    public void Verify(IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var done = 0L;
        foreach (var (mapping, header) in _files)
        {
            foreach (var layer in header.Layers)
            {
                for (var expert = 0; expert < layer.Experts; expert++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var record = RecordAt(mapping, layer.Offset + (expert * layer.Stride))!.Value;
                    var found = RecordFormat.Hash(mapping.Bytes.Slice(record.Offset, record.Length));
                    if (record.Hash != found)
                    {
                        throw new CheckpointException($"{mapping.Path}: offset {record.Offset}: expert {expert} of layer {layer.Layer}: expected hash {record.Hash:x16}, found {found:x16}: the record is damaged");
                    }

                    progress?.Report(done += layer.Stride);
                }
            }
        }
    }

    internal override StoredRecord? RecordAt(MappedFile mapping, long offset)
    {
        if (_files.Find(file => ReferenceEquals(file.Mapping, mapping)).Header is not { } header)
        {
            return null;
        }

        var table = header.HashTable;
        foreach (var layer in header.Layers)
        {
            if (offset >= layer.Offset && offset < layer.Offset + layer.Length)
            {
                var expert = (offset - layer.Offset) / layer.Stride;
                var hash = BinaryPrimitives.ReadUInt64LittleEndian(mapping.Bytes.Span(table + (expert * sizeof(ulong)), sizeof(ulong)));
                return new StoredRecord(layer.Offset + (expert * layer.Stride), layer.Stride, hash);
            }

            table += layer.Experts * sizeof(ulong);
        }

        return null;
    }

    public override Tokenizer ReadTokenizer(GgufMetadata metadata) => _backbone.ReadTokenizer(metadata);

    public override void PopulateInBackground()
    {
        _backbone.PopulateInBackground();
        _files.ForEach(file => file.Mapping.PopulateInBackground());
    }

    public override void WaitUntilPopulated()
    {
        _backbone.WaitUntilPopulated();
        _files.ForEach(file => file.Mapping.WaitUntilPopulated());
    }

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            _files.ForEach(file => file.Mapping.Dispose());
            _backbone.Dispose();
        }
    }

    private static void OpenFiles(string path, FilePlaces places, GgufCheckpoint backbone, List<(MappedFile Mapping, RecordHeader Header)> files)
    {
        var count = backbone.Metadata.GetInt32(RecordFormat.FilesKey);
        var set = ReadSet(backbone);
        for (var number = 1; number <= count; number++)
        {
            var beside = System.IO.Path.Combine(path, RecordFormat.FileName(number, count));
            var found = places.Find(beside) ?? throw new CheckpointException($"{beside}: no such file{places.Elsewhere}; the model has {count} of expert records");
            var mapping = FileMapping.Open(found, "a file of expert records", "name the folder that holds it");
            try
            {
                var header = RecordHeaderReader.Read(mapping.Path, mapping.Bytes);
                Require(mapping, header.Files == count && header.Number == number, $"file {number} of {count}", $"{header.Number} of {header.Files}");
                Require(mapping, header.Set == set, $"the set {set:x16} of {backbone.Path}", $"{header.Set:x16}: the files are of different conversions");
                files.Add((mapping, header));
            }
            catch
            {
                mapping.Dispose();
                throw;
            }
        }
    }

    private static ulong ReadSet(GgufCheckpoint backbone)
    {
        backbone.Metadata.TryGetString(RecordFormat.SetKey, out var text);
        return ulong.TryParse(text, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture, out var set)
            ? set
            : throw new CheckpointException($"{backbone.Path}: metadata key '{RecordFormat.SetKey}': expected 16 hexadecimal digits, found {(text is null ? "no such key" : $"'{FileText.Escape(text)}'")}");
    }

    private static void Require(MappedFile mapping, bool holds, string expected, string found)
    {
        if (!holds)
        {
            throw new CheckpointException($"{mapping.Path}: expected {expected}, found {found}");
        }
    }

    private static void AddTensors(Dictionary<string, CheckpointTensor> tensors, MappedFile mapping, RecordHeader header)
    {
        foreach (var layer in header.Layers)
        {
            foreach (var (name, matrix) in RecordLayer.Names(layer.Layer).Zip(layer.Matrices))
            {
                var parts = Enumerable.Range(0, layer.Experts).Select(expert => PartOf(mapping, matrix, layer.Offset + (expert * layer.Stride))).ToArray();
                if (!tensors.TryAdd(name, new CheckpointTensor(name, matrix.DType, [layer.Experts, matrix.Rows, matrix.Columns], parts)))
                {
                    throw new CheckpointException($"{mapping.Path}: tensor '{name}': expected each tensor once, found it in {tensors[name].File} too");
                }
            }
        }
    }

    private static TensorPart PartOf(MappedFile mapping, RecordMatrix matrix, long record) => new(
        mapping.Bytes.Slice(record + matrix.Codes, matrix.CodeBytes),
        matrix.ScaleBytes > 0 ? mapping.Bytes.Slice(record + matrix.Scales, matrix.ScaleBytes) : default,
        mapping.Path,
        record + matrix.Codes);
}
