using System.Buffers.Binary;
using System.Text.Json;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>
/// The header of one safetensors file, checked. Layout (safetensors README): u64 length of the header; the header, a JSON object of
/// <c>name: {"dtype", "shape", "data_offsets": [begin, end]}</c> and perhaps <c>"__metadata__"</c>, padded with spaces; the values. Offsets count
/// from the header's end.
/// </summary>
internal sealed class SafetensorsHeader
{
    private const int LengthBytes = 8;
    private const int MaxHeaderBytes = 100_000_000;
    private const int MaxRank = 8;

    // Far above any real file (Kimi K2 Thinking has 208,000 tensors in 62 files): they bound what a hostile header can cost.
    private const int MaxTensors = 1 << 20;
    private const int MaxPairs = 1 << 16;
    private const int MaxNameBytes = 1024;
    private const int MaxTypeBytes = 64;

    private readonly SafetensorsJson _json;
    private readonly string _path;
    private readonly ByteRegion _bytes;
    private readonly long _dataStart;

    private SafetensorsHeader(string path, ByteRegion bytes)
    {
        _json = new SafetensorsJson(path, LengthBytes);
        _path = path;
        _bytes = bytes;
        _dataStart = LengthBytes + ReadLength();
    }

    public List<SafetensorsTensor> Tensors { get; } = [];

    public Dictionary<string, string> Metadata { get; } = [];

    /// <exception cref="CheckpointException">The file is not a safetensors file, or it is damaged.</exception>
    public static SafetensorsHeader Read(string path, ByteRegion bytes)
    {
        var header = new SafetensorsHeader(path, bytes);
        var reader = new Utf8JsonReader(bytes.Span(LengthBytes, (int)(header._dataStart - LengthBytes)), SafetensorsJson.Options);
        try
        {
            header.ReadHeader(ref reader);
        }
        catch (JsonException exception)
        {
            header._json.ThrowMalformed(reader, "header", exception);
        }

        header.RefuseOverlap();
        return header;
    }

    private int ReadLength()
    {
        if (_bytes.Length < LengthBytes)
        {
            _json.Throw(0, "length of the header", $"{LengthBytes} bytes", _bytes.Length == 0 ? "an empty file" : $"a file of {_bytes.Length}");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.Span(0, LengthBytes));
        if (length > MaxHeaderBytes)
        {
            _json.Throw(0, "length of the header", $"at most {MaxHeaderBytes} bytes", $"{length}; the file begins like {ForeignFormat.Describe(_bytes)}");
        }

        if ((long)length > _bytes.Length - LengthBytes)
        {
            _json.Throw(0, "length of the header", $"at most the {_bytes.Length - LengthBytes} bytes left", $"{length} (is the download complete?)");
        }

        return (int)length;
    }

    private void ReadHeader(ref Utf8JsonReader reader)
    {
        reader.Read();
        _json.Require(reader, JsonTokenType.StartObject, "header");
        var names = new HashSet<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("__metadata__"u8))
            {
                ReadMetadata(ref reader);
                continue;
            }

            var at = _json.At(reader);
            var name = _json.Text(reader, "tensor name", MaxNameBytes);
            if (name.Length == 0 || !names.Add(name))
            {
                _json.Throw(at, "tensor name", "each name once, none empty", $"'{FileText.Escape(name)}'{(name.Length > 0 ? " again" : "")}");
            }

            if (names.Count > MaxTensors)
            {
                _json.Throw(at, "number of tensors", $"at most {MaxTensors}", "more");
            }

            Tensors.Add(ReadTensor(ref reader, name, at));
        }

        reader.Read(); // Anything but padding after the object is malformed JSON.
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        var at = _json.At(reader);
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        _json.Require(reader, JsonTokenType.StartObject, "__metadata__");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            at = _json.At(reader);
            var key = _json.Text(reader, "metadata key", MaxHeaderBytes);
            reader.Read();
            _json.Require(reader, JsonTokenType.String, "metadata value");
            if (!Metadata.TryAdd(key, _json.Text(reader, "metadata value", MaxHeaderBytes)))
            {
                _json.Throw(at, "metadata key", "each key once", $"'{FileText.Escape(key)}' again");
            }

            if (Metadata.Count > MaxPairs)
            {
                _json.Throw(at, "metadata", $"at most {MaxPairs} pairs", "more");
            }
        }
    }

    private SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name, long at)
    {
        reader.Read();
        _json.Require(reader, JsonTokenType.StartObject, "tensor", name);
        var type = SafetensorsType.Unknown;
        string? typeName = null;
        long[]? shape = null, range = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8))
            {
                RequireFirst(reader, typeName, name);
                reader.Read();
                _json.Require(reader, JsonTokenType.String, "dtype of tensor", name);
                type = SafetensorsTypes.Read(ref reader);
                typeName = type == SafetensorsType.Unknown ? _json.Text(reader, "dtype", MaxTypeBytes) : type.Name();
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                RequireFirst(reader, shape, name);
                shape = _json.Integers(ref reader, MaxRank, "shape of tensor", name);
            }
            else if (reader.ValueTextEquals("data_offsets"u8))
            {
                RequireFirst(reader, range, name);
                range = _json.Integers(ref reader, MaxRank, "data_offsets of tensor", name);
            }
            else
            {
                reader.Skip();
            }
        }

        if (typeName is null || shape is null || range is not [var begin, var end])
        {
            _json.Throw(at, $"tensor '{FileText.Escape(name)}'", "dtype, shape and two data_offsets", "some of them");
            return null;
        }

        RequireBytes(name, type, typeName, shape, begin, end, at);
        return new SafetensorsTensor(name, type, shape, _bytes.Slice(_dataStart + begin, end - begin), _path, _dataStart + begin) { TypeName = typeName };
    }

    private void RequireBytes(string name, SafetensorsType type, string typeName, long[] shape, long begin, long end, long at)
    {
        var dataBytes = _bytes.Length - _dataStart;
        if (begin > end || end > dataBytes)
        {
            _json.Throw(
                at, $"data_offsets of tensor '{FileText.Escape(name)}'",
                $"begin <= end <= {dataBytes}, where the file ends", begin > end ? $"[{begin}, {end}]" : $"[{begin}, {end}] (is the download complete?)");
        }

        if (type != SafetensorsType.Unknown && (!TryMultiply(shape, type.Bytes(), out var bytes) || bytes != end - begin))
        {
            _json.Throw(
                at, $"tensor '{FileText.Escape(name)}'",
                $"data_offsets that hold [{string.Join(", ", shape)}] values of {typeName}", $"{end - begin} bytes");
        }
    }

    private static bool TryMultiply(long[] shape, long size, out long product)
    {
        product = shape.Contains(0) ? 0 : size;
        foreach (var length in shape)
        {
            if (product > 0 && length > long.MaxValue / product)
            {
                return false;
            }

            product *= length;
        }

        return true;
    }

    private void RequireFirst(in Utf8JsonReader reader, object? earlier, string name)
    {
        if (earlier is not null)
        {
            _json.Throw(_json.At(reader), $"tensor '{FileText.Escape(name)}'", "each field once", $"'{FileText.Escape(reader.GetString()!)}' again");
        }
    }

    private void RefuseOverlap()
    {
        var tensors = Tensors.Where(tensor => tensor.Bytes.Length > 0).ToArray();
        Array.Sort(tensors, static (left, right) => left.Offset.CompareTo(right.Offset));
        for (var i = 1; i < tensors.Length; i++)
        {
            var (before, after) = (tensors[i - 1], tensors[i]);
            if (after.Offset - before.Offset < before.Bytes.Length)
            {
                _json.Throw(
                    after.Offset, $"tensor '{FileText.Escape(after.Name)}'",
                    $"its data from {before.Offset + before.Bytes.Length} on, where '{FileText.Escape(before.Name)}' ends", $"{after.Offset}");
            }
        }
    }
}
