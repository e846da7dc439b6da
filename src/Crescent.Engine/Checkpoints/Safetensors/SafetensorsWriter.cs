using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>How files are written.</summary>
public sealed record SafetensorsWriterOptions
{
    /// <summary>Begins a new shard before its tensors pass this many bytes, and writes an index; null writes one file.</summary>
    public long? SplitBytes { get; init; }

    /// <summary>Free bytes of a folder's drive.</summary>
    internal Func<string, long> FreeBytes { get; init; } = PartialFiles.FreeBytes;
}

/// <summary>
/// Writes a safetensors file, or shards of one with their index. Tensors come from callbacks while the file is written, so memory does not grow with
/// the file. Files appear under their names when all are complete.
/// </summary>
public sealed class SafetensorsWriter
{
    private const string Extension = ".safetensors";
    private const int Alignment = 8;
    private const int MaxRank = 8;
    private const int MaxHeaderBytes = 100_000_000;
    private const int MaxShards = 99_999;
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<string, string> _metadata = [];
    private readonly HashSet<string> _names = ["__metadata__"];
    private readonly List<Tensor> _tensors = [];

    /// <summary>Bytes of all tensors.</summary>
    public long TensorBytes => _tensors.Sum(tensor => tensor.Bytes);

    /// <summary>Adds a pair to every file's <c>__metadata__</c>.</summary>
    /// <exception cref="ArgumentException">The key is taken.</exception>
    public SafetensorsWriter Set(string key, string value)
    {
        _metadata.Add(key, value);
        return this;
    }

    /// <summary>Declares a tensor; <paramref name="write"/> gives its bytes when its turn comes.</summary>
    /// <param name="shape">Row-major, the contiguous axis last; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The name is taken, or the shape or type cannot be stored.</exception>
    public void AddTensor(string name, SafetensorsType type, IReadOnlyList<long> shape, Action<TensorSink> write)
    {
        if (shape.Count > MaxRank || shape.Any(length => length < 0))
        {
            throw new ArgumentException($"tensor '{name}': expected at most {MaxRank} lengths of 0 or more, found [{string.Join(", ", shape)}]", nameof(shape));
        }

        var bytes = shape.Aggregate((long)type.Bytes(), (product, length) => checked(product * length));
        if (name.Length == 0 || !_names.Add(name))
        {
            throw new ArgumentException($"tensor '{name}': expected each name once, none empty", nameof(name));
        }

        _tensors.Add(new Tensor(name, type, shape, bytes, write));
    }

    /// <summary>Writes everything and returns the files of tensors, the first shard first; the index lies beside them.</summary>
    /// <param name="progress">Receives the bytes of tensors written so far.</param>
    /// <exception cref="IOException">The drive has too little room, or a file cannot be written; nothing is left behind.</exception>
    public IReadOnlyList<string> Write(string path, SafetensorsWriterOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new SafetensorsWriterOptions();
        var shards = Shards(options.SplitBytes);
        var paths = ShardNames.Of(path, shards.Count, Extension);
        var headers = shards.ConvertAll(Header);
        byte[]? index = shards.Count > 1 ? Index(shards, paths) : null;
        var all = index is null ? paths : [.. paths, $"{ShardNames.Stem(path, Extension)}{Extension}.index.json"];
        var writer = new TensorWriter(progress, cancellationToken);
        PartialFiles.Write(path, all, TensorBytes + headers.Sum(header => header.LongLength) + (index?.Length ?? 0), options.FreeBytes, (file, i) =>
        {
            if (i == shards.Count)
            {
                file.Write(index);
                return;
            }

            file.Write(headers[i]);
            foreach (var tensor in shards[i])
            {
                writer.Write(file, tensor.Name, tensor.Bytes, padding: 0, tensor.Write);
            }
        });
        return paths;
    }

    private List<List<Tensor>> Shards(long? splitBytes)
    {
        List<List<Tensor>> shards = [[]];
        var bytes = 0L;
        foreach (var tensor in _tensors)
        {
            if (shards[^1].Count > 0 && bytes + tensor.Bytes > splitBytes)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(tensor);
            bytes += tensor.Bytes;
        }

        return shards.Count <= MaxShards
            ? shards
            : throw new ArgumentException($"shards of {splitBytes} bytes: expected at most {MaxShards}, found {shards.Count}", nameof(splitBytes));
    }

    // The length, and the JSON padded with spaces, so that the data begin at a multiple of 8 (safetensors README).
    private byte[] Header(List<Tensor> tensors)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, s_compact))
        {
            writer.WriteStartObject();
            WriteMetadata(writer);
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", tensor.Type.Name());
                WriteIntegers(writer, "shape", tensor.Shape);
                WriteIntegers(writer, "data_offsets", [offset, offset + tensor.Bytes]);
                writer.WriteEndObject();
                offset += tensor.Bytes;
            }

            writer.WriteEndObject();
        }

        var length = (json.WrittenCount + Alignment - 1) / Alignment * Alignment;
        if (length > MaxHeaderBytes)
        {
            throw new ArgumentException($"{tensors.Count} tensors in a file: expected a header of at most {MaxHeaderBytes} bytes, found {length}; split the file", nameof(tensors));
        }

        var header = new byte[8 + length];
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        json.WrittenSpan.CopyTo(header.AsSpan(8));
        header.AsSpan(8 + json.WrittenCount).Fill((byte)' ');
        return header;
    }

    private void WriteMetadata(Utf8JsonWriter writer)
    {
        if (_metadata.Count > 0)
        {
            writer.WriteStartObject("__metadata__");
            foreach (var (key, value) in _metadata)
            {
                writer.WriteString(key, value);
            }

            writer.WriteEndObject();
        }
    }

    private static void WriteIntegers(Utf8JsonWriter writer, string name, IReadOnlyList<long> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }

    private byte[] Index(List<List<Tensor>> shards, string[] paths)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, s_compact with { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteNumber("total_size", TensorBytes);
            writer.WriteEndObject();
            writer.WriteStartObject("weight_map");
            foreach (var (shard, path) in shards.Zip(paths))
            {
                shard.ForEach(tensor => writer.WriteString(tensor.Name, Path.GetFileName(path)));
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return json.WrittenSpan.ToArray();
    }

    private sealed record Tensor(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Bytes, Action<TensorSink> Write);
}
