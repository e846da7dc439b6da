using System.Buffers.Binary;
using System.Numerics;
using Crescent.Kernels;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>
/// The header of one GGUF file, checked: metadata entries and tensors. Layout (ggml docs/gguf.md): <c>"GGUF"</c>, u32 version, u64 tensors,
/// u64 pairs; the pairs; the tensors' names, dimensions, types and offsets; padding to the alignment; the tensors' bytes.
/// </summary>
internal sealed class GgufHeader
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const string AlignmentKey = "general.alignment";
    private const int DefaultAlignment = 32;
    private const int MaxAlignment = 1 << 16;
    private const int MaxDimensions = 4;

    // Far above any real file (about 60 keys, 1,200 tensors, 260,000 tokens): they bound what a corrupt header can cost.
    private const int MaxKeys = 1 << 16;
    private const int MaxTensors = 1 << 18;
    private const int MaxKeyBytes = 1024;
    private const int MaxTensorNameBytes = 256;
    private const int MaxStringElements = 1 << 22;
    private const int MaxElements = 1 << 24;
    private const int MaxStringBytes = 1 << 26;

    private GgufHeader(Dictionary<string, GgufEntry> entries, List<CheckpointTensor> tensors) => (Entries, Tensors) = (entries, tensors);

    public Dictionary<string, GgufEntry> Entries { get; }

    public List<CheckpointTensor> Tensors { get; }

    /// <exception cref="CheckpointException">The file is not a GGUF file this engine reads, or it is damaged.</exception>
    public static GgufHeader Read(GgufFile file)
    {
        var cursor = new GgufCursor(file);
        ReadVersion(cursor);
        var tensorCount = cursor.Count("number of tensors", minimumBytes: 8 + 1 + 4 + 8 + 4 + 8, MaxTensors);
        var pairCount = cursor.Count("number of metadata pairs", minimumBytes: 8 + 1 + 4 + 1, MaxKeys);
        var entries = new Dictionary<string, GgufEntry>(pairCount);
        for (var i = 0; i < pairCount; i++)
        {
            var at = cursor.Position;
            var key = cursor.Name($"key {i}", MaxKeyBytes);
            if (!entries.TryAdd(key, ReadValue(cursor, key)))
            {
                cursor.Throw(at, "metadata key", "each key once", $"'{key}' again");
            }
        }

        var tensors = ReadTensors(cursor, tensorCount, Alignment(cursor, entries));
        return new GgufHeader(entries, tensors);
    }

    /// <summary>A scalar's bits as <see cref="GgufEntry.Bits"/> holds them.</summary>
    public static long ScalarBits(GgufValueType type, ReadOnlySpan<byte> bytes) => type switch
    {
        GgufValueType.U8 or GgufValueType.Bool => bytes[0],
        GgufValueType.I8 => (sbyte)bytes[0],
        GgufValueType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        GgufValueType.I16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        GgufValueType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        GgufValueType.I32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        GgufValueType.F32 => BitConverter.DoubleToInt64Bits(BinaryPrimitives.ReadSingleLittleEndian(bytes)),
        _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
    };

    private static void ReadVersion(GgufCursor cursor)
    {
        if (cursor.Remaining == 0)
        {
            cursor.Throw(0, "file", "a GGUF file", "an empty file");
        }

        if (cursor.Remaining < 4 || cursor.UInt32("magic") != Magic)
        {
            cursor.Throw(0, "magic", "\"GGUF\"", ForeignFormat.Describe(cursor.File.Bytes));
        }

        var version = cursor.UInt32("version");
        if (version is not (2 or 3))
        {
            var found = version == 1 ? "version 1 (32-bit counts, 2023): convert the model again"
                : (version & 0xFFFF) == 0 && version != 0 ? $"a big-endian file (version {BinaryPrimitives.ReverseEndianness(version)}): use the little-endian one"
                : $"version {version}";
            cursor.Throw(4, "GGUF version", "2 or 3", found);
        }
    }

    private static GgufEntry ReadValue(GgufCursor cursor, string key)
    {
        var type = ReadType(cursor, key);
        var at = cursor.Position;
        switch (type)
        {
            case GgufValueType.Str:
                var length = cursor.Length($"string '{key}'");
                if (length > MaxStringBytes)
                {
                    cursor.Throw(at, $"length of string '{key}'", $"at most {MaxStringBytes}", length.ToString());
                }

                cursor.Skip(length, key);
                return new GgufEntry(cursor.File, type, type, length, 0, at + 8, length);
            case GgufValueType.Array:
                return ReadArray(cursor, key);
            default:
                cursor.Skip(type.FixedBytes(), $"value of '{key}'");
                var bits = ScalarBits(type, cursor.File.Bytes.Span(at, type.FixedBytes()));
                if (type == GgufValueType.Bool && bits > 1)
                {
                    cursor.Throw(at, $"bool '{key}'", "0 or 1", bits.ToString());
                }

                return new GgufEntry(cursor.File, type, type, 1, bits, at, type.FixedBytes());
        }
    }

    private static GgufEntry ReadArray(GgufCursor cursor, string key)
    {
        var at = cursor.Position;
        var element = ReadType(cursor, key);
        if (element == GgufValueType.Array)
        {
            cursor.Throw(at, $"array '{key}'", "an array of plain values", "an array of arrays");
        }

        var size = element.FixedBytes();
        var count = cursor.Count($"length of array '{key}'", size == 0 ? 8 : size, size == 0 ? MaxStringElements : MaxElements);
        var start = cursor.Position;
        if (size > 0)
        {
            cursor.Skip((long)count * size, $"array '{key}'");
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                var length = cursor.Length(key);
                if (length > MaxStringBytes)
                {
                    cursor.Throw(cursor.Position - 8, $"length of string {i} of '{key}'", $"at most {MaxStringBytes}", length.ToString());
                }

                cursor.Skip(length, key);
            }
        }

        return new GgufEntry(cursor.File, GgufValueType.Array, element, count, 0, start, cursor.Position - start);
    }

    private static GgufValueType ReadType(GgufCursor cursor, string key)
    {
        var at = cursor.Position;
        var type = cursor.UInt32($"type of '{key}'");
        if (type > (uint)GgufValueType.F64)
        {
            cursor.Throw(at, $"type of '{key}'", "0..12", type.ToString());
        }

        return (GgufValueType)type;
    }

    private static int Alignment(GgufCursor cursor, Dictionary<string, GgufEntry> entries)
    {
        var alignment = (long)DefaultAlignment;
        if (entries.ContainsKey(AlignmentKey))
        {
            alignment = new GgufMetadata(cursor.File.Path, entries).GetInt64(AlignmentKey);
            if (alignment is < 1 or > MaxAlignment || !BitOperations.IsPow2(alignment))
            {
                cursor.Throw(entries[AlignmentKey].Offset, AlignmentKey, $"a power of two up to {MaxAlignment}", alignment.ToString());
            }
        }

        return (int)alignment;
    }

    private static List<CheckpointTensor> ReadTensors(GgufCursor cursor, int count, int alignment)
    {
        var declared = new List<Declared>(count);
        var names = new HashSet<string>(count);
        for (var i = 0; i < count; i++)
        {
            var tensor = ReadTensor(cursor, i, alignment);
            if (!names.Add(tensor.Name))
            {
                cursor.Throw(tensor.At, "tensor name", "each name once", $"'{tensor.Name}' again");
            }

            declared.Add(tensor);
        }

        var dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        var tensors = new List<CheckpointTensor>(count);
        var dataBytes = cursor.File.Bytes.Length - dataStart;
        foreach (var tensor in declared)
        {
            if (tensor.Bytes > dataBytes || tensor.Offset > dataBytes - tensor.Bytes)
            {
                cursor.Throw(
                    tensor.At, $"tensor '{tensor.Name}'",
                    $"its {tensor.Bytes} bytes at {dataStart} + {tensor.Offset} inside the file",
                    $"a file of {cursor.File.Bytes.Length} bytes (is the download complete?)");
            }

            var offset = dataStart + tensor.Offset;
            tensors.Add(new CheckpointTensor(
                tensor.Name, tensor.DType, tensor.Shape, cursor.File.Bytes.Slice(offset, tensor.Bytes), cursor.File.Path, offset));
        }

        RefuseOverlap(cursor, declared);
        return tensors;
    }

    private static Declared ReadTensor(GgufCursor cursor, int index, int alignment)
    {
        var at = cursor.Position;
        var name = cursor.Name($"name of tensor {index}", MaxTensorNameBytes);
        var dimensions = cursor.UInt32($"dimensions of '{name}'");
        if (dimensions is < 1 or > MaxDimensions)
        {
            cursor.Throw(at, $"dimensions of tensor '{name}'", $"1..{MaxDimensions}", dimensions.ToString());
        }

        // The file has the contiguous axis first, the shape has it last.
        var shape = new long[dimensions];
        var values = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            var length = cursor.UInt64($"shape of '{name}'");
            if (length is 0 || length > (ulong)(long.MaxValue / values))
            {
                cursor.Throw(at, $"shape of tensor '{name}'", "lengths above 0 whose product fits 63 bits", $"length {length} of dimension {shape.Length - 1 - axis}");
            }

            shape[axis] = (long)length;
            values *= (long)length;
        }

        var type = cursor.UInt32($"type of '{name}'");
        if (type > int.MaxValue || !DTypes.TryGetLayout((int)type, out var layout))
        {
            cursor.Throw(at, $"type of tensor '{name}'", $"one of {string.Join(' ', DTypes.All.Select(known => known.Name))}", DTypes.Describe((int)Math.Min(type, int.MaxValue)));
            throw null!;
        }

        if (shape[^1] % layout.BlockLength != 0)
        {
            cursor.Throw(at, $"row length of tensor '{name}'", $"a multiple of {layout.Name}'s block of {layout.BlockLength}", shape[^1].ToString());
        }

        var blocks = values / layout.BlockLength;
        var offset = cursor.UInt64($"offset of '{name}'");
        if (blocks > long.MaxValue / layout.BlockBytes || offset > long.MaxValue || offset % (ulong)alignment != 0)
        {
            cursor.Throw(at, $"offset of tensor '{name}'", $"a multiple of {alignment}, and a size of 63 bits", $"offset {offset}, {blocks} blocks");
        }

        return new Declared(name, layout.DType, shape, blocks * layout.BlockBytes, (long)offset, at);
    }

    private static void RefuseOverlap(GgufCursor cursor, List<Declared> tensors)
    {
        tensors.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        for (var i = 1; i < tensors.Count; i++)
        {
            var (before, after) = (tensors[i - 1], tensors[i]);
            if (after.Offset - before.Offset < before.Bytes)
            {
                cursor.Throw(
                    after.At, $"offset of tensor '{after.Name}'",
                    $"at least {before.Offset + before.Bytes}, where '{before.Name}' ends", after.Offset.ToString());
            }
        }
    }

    private readonly record struct Declared(string Name, DType DType, long[] Shape, long Bytes, long Offset, long At);
}
