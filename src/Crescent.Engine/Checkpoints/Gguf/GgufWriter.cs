using System.Buffers.Binary;
using System.Text;
using Crescent.Kernels;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>How files are written.</summary>
public sealed record GgufWriterOptions
{
    /// <summary>Begins a new shard before its tensors pass this many bytes; null writes one file.</summary>
    public long? SplitBytes { get; init; }

    /// <summary>Free bytes of a folder's drive.</summary>
    internal Func<string, long> FreeBytes { get; init; } = PartialFiles.FreeBytes;
}

/// <summary>
/// Writes a GGUF v3 file, or shards of one. Tensors come from callbacks while the file is written, so memory does not grow with the file. A
/// file appears under its name when it is complete: until then, and after a failure, there is only (or no longer) a <c>.partial</c> file.
/// </summary>
public sealed class GgufWriter
{
    private const int Alignment = 32;
    private const int Version = 3;
    private readonly List<(string Key, byte[] Value)> _pairs = [];
    private readonly List<Tensor> _tensors = [];

    /// <summary>Bytes of all tensors, each padded to the alignment.</summary>
    public long TensorBytes => _tensors.Sum(tensor => Padded(tensor.Bytes));

    public GgufWriter Set(string key, byte value) => Add(key, GgufValueType.U8, [value]);

    public GgufWriter Set(string key, sbyte value) => Add(key, GgufValueType.I8, [(byte)value]);

    public GgufWriter Set(string key, ushort value) => Add(key, GgufValueType.U16, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, short value) => Add(key, GgufValueType.I16, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, uint value) => Add(key, GgufValueType.U32, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, int value) => Add(key, GgufValueType.I32, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, ulong value) => Add(key, GgufValueType.U64, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, long value) => Add(key, GgufValueType.I64, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, float value) => Add(key, GgufValueType.F32, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, double value) => Add(key, GgufValueType.F64, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, bool value) => Add(key, GgufValueType.Bool, [value ? (byte)1 : (byte)0]);

    public GgufWriter Set(string key, string value) => Add(key, GgufValueType.Str, EncodeString(value));

    public GgufWriter Set(string key, IReadOnlyCollection<string> values) => AddArray(key, GgufValueType.Str, values, static (bytes, value) => bytes.Write(EncodeString(value)));

    public GgufWriter Set(string key, IReadOnlyCollection<int> values) => AddArray(key, GgufValueType.I32, values, static (bytes, value) => bytes.Write(BitConverter.GetBytes(value)));

    public GgufWriter Set(string key, IReadOnlyCollection<uint> values) => AddArray(key, GgufValueType.U32, values, static (bytes, value) => bytes.Write(BitConverter.GetBytes(value)));

    public GgufWriter Set(string key, IReadOnlyCollection<float> values) => AddArray(key, GgufValueType.F32, values, static (bytes, value) => bytes.Write(BitConverter.GetBytes(value)));

    public GgufWriter Set(string key, IReadOnlyCollection<bool> values) => AddArray(key, GgufValueType.Bool, values, static (bytes, value) => bytes.WriteByte(value ? (byte)1 : (byte)0));

    /// <summary>Declares a tensor; <paramref name="write"/> gives its bytes when its turn comes.</summary>
    /// <param name="shape">Row-major, the contiguous axis last.</param>
    /// <exception cref="ArgumentException">The name is taken, or the shape cannot be stored.</exception>
    public void AddTensor(string name, DType dtype, IReadOnlyList<long> shape, Action<TensorSink> write)
    {
        if (shape.Count is < 1 or > 4 || shape.Any(length => length < 1))
        {
            throw new ArgumentException($"tensor '{name}': expected 1 to 4 lengths above 0, found [{string.Join(", ", shape)}]", nameof(shape));
        }

        if (_tensors.Any(tensor => tensor.Name == name))
        {
            throw new ArgumentException($"tensor '{name}': expected each name once", nameof(name));
        }

        var bytes = shape.SkipLast(1).Aggregate(dtype.Layout().RowBytes(shape[^1]), (product, length) => checked(product * length));
        _tensors.Add(new Tensor(name, dtype, shape, bytes, write));
    }

    /// <summary>Writes everything and returns the files, the first shard first.</summary>
    /// <param name="progress">Receives the bytes written so far.</param>
    /// <exception cref="IOException">The drive has too little room, or a file cannot be written; nothing is left behind.</exception>
    public IReadOnlyList<string> Write(string path, GgufWriterOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new GgufWriterOptions();
        var files = Layout(path, options.SplitBytes);
        var writer = new TensorWriter(progress, cancellationToken);
        PartialFiles.Write(path, [.. files.Select(file => file.Path)], files.Sum(file => file.Length), options.FreeBytes, (stream, i) =>
        {
            stream.Write(files[i].Header);
            foreach (var tensor in files[i].Tensors)
            {
                writer.Write(stream, tensor.Name, tensor.Bytes, tensor.Padding, tensor.Write);
            }
        });
        return [.. files.Select(file => file.Path)];
    }

    /// <summary>The files that <see cref="Write"/> makes: what stands where.</summary>
    internal IReadOnlyList<GgufFileLayout> Layout(string path, long? splitBytes)
    {
        var shards = Shards(splitBytes);
        var paths = ShardNames.Of(path, shards.Count, ".gguf");
        return [.. shards.Select((shard, i) => new GgufFileLayout(
            paths[i], Header(shard, i, shards.Count), [.. shard.Select(tensor => new GgufTensorLayout(tensor.Name, tensor.Bytes, (int)(Padded(tensor.Bytes) - tensor.Bytes), tensor.Write))]))];
    }

    /// <summary>Adds a value as another file has it.</summary>
    internal GgufWriter Set(string key, GgufEntry entry) => entry.Type switch
    {
        GgufValueType.Str when entry.Text is not null => Set(key, entry.Text),
        GgufValueType.Str => Add(key, entry.Type, [.. BitConverter.GetBytes(entry.PayloadBytes), .. entry.Payload(0, (int)entry.PayloadBytes)]),
        GgufValueType.Array => Add(key, entry.Type, [.. BitConverter.GetBytes((uint)entry.ElementType), .. BitConverter.GetBytes(entry.Count), .. entry.Payload(0, (int)entry.PayloadBytes)]),
        GgufValueType.F32 => Set(key, (float)BitConverter.Int64BitsToDouble(entry.Bits)),
        _ => Add(key, entry.Type, BitConverter.GetBytes(entry.Bits).AsSpan(0, entry.Type.FixedBytes())),
    };

    private static byte[] EncodeString(string text)
    {
        var bytes = new byte[8 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8);
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(8));
        return bytes;
    }

    private static byte[] EncodeValue(GgufValueType type, ReadOnlySpan<byte> value) => [.. BitConverter.GetBytes((uint)type), .. value];

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private List<List<Tensor>> Shards(long? splitBytes)
    {
        List<List<Tensor>> shards = [[]];
        var bytes = 0L;
        foreach (var tensor in _tensors)
        {
            if (shards[^1].Count > 0 && bytes + Padded(tensor.Bytes) > splitBytes)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(tensor);
            bytes += Padded(tensor.Bytes);
        }

        return shards.Count <= ushort.MaxValue
            ? shards
            : throw new ArgumentException($"shards of {splitBytes} bytes: expected at most {ushort.MaxValue}, found {shards.Count}", nameof(splitBytes));
    }

    private byte[] Header(List<Tensor> tensors, int shard, int shards)
    {
        // Only the first shard carries the model's metadata (llama.cpp gguf-split).
        var pairs = shard == 0 ? [.. _pairs] : new List<(string Key, byte[] Value)>();
        if (shards > 1)
        {
            pairs.Add(("split.no", EncodeValue(GgufValueType.U16, BitConverter.GetBytes((ushort)shard))));
            pairs.Add(("split.count", EncodeValue(GgufValueType.U16, BitConverter.GetBytes((ushort)shards))));
            pairs.Add(("split.tensors.count", EncodeValue(GgufValueType.I32, BitConverter.GetBytes(_tensors.Count))));
        }

        using var header = new MemoryStream();
        header.Write("GGUF"u8);
        header.Write(BitConverter.GetBytes((uint)Version));
        header.Write(BitConverter.GetBytes((ulong)tensors.Count));
        header.Write(BitConverter.GetBytes((ulong)pairs.Count));
        foreach (var (key, value) in pairs)
        {
            header.Write(EncodeString(key));
            header.Write(value);
        }

        var offset = 0L;
        foreach (var tensor in tensors)
        {
            header.Write(EncodeString(tensor.Name));
            header.Write(BitConverter.GetBytes((uint)tensor.Shape.Count));
            foreach (var length in tensor.Shape.Reverse())
            {
                header.Write(BitConverter.GetBytes(length));
            }

            header.Write(BitConverter.GetBytes((uint)tensor.DType));
            header.Write(BitConverter.GetBytes(offset));
            offset += Padded(tensor.Bytes);
        }

        header.SetLength(Padded(header.Length));
        return header.ToArray();
    }

    private GgufWriter Add(string key, GgufValueType type, ReadOnlySpan<byte> value)
    {
        if (_pairs.Exists(pair => pair.Key == key))
        {
            throw new ArgumentException($"metadata key '{key}': expected each key once", nameof(key));
        }

        _pairs.Add((key, EncodeValue(type, value)));
        return this;
    }

    private GgufWriter AddArray<T>(string key, GgufValueType element, IReadOnlyCollection<T> values, Action<MemoryStream, T> write)
    {
        using var bytes = new MemoryStream();
        bytes.Write(BitConverter.GetBytes((uint)element));
        bytes.Write(BitConverter.GetBytes((ulong)values.Count));
        foreach (var value in values)
        {
            write(bytes, value);
        }

        return Add(key, GgufValueType.Array, bytes.ToArray());
    }

    private sealed record Tensor(string Name, DType DType, IReadOnlyList<long> Shape, long Bytes, Action<TensorSink> Write);
}
