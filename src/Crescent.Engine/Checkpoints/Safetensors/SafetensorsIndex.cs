using System.Text.Json;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>An index of shards, checked: <c>{"weight_map": {tensor: file}}</c>, where files are plain names beside the index.</summary>
internal sealed class SafetensorsIndex
{
    private const int MaxBytes = 256 << 20;
    private const int MaxNames = 1 << 20;
    private const int MaxNameBytes = 1024;
    private const int MaxFileBytes = 255;
    private const int UsualBytesPerName = 96;
    private const string Extension = ".safetensors";
    private readonly SafetensorsJson _json;

    private SafetensorsIndex(string path, long bytes)
    {
        _json = new SafetensorsJson(path, start: 0);
        if (bytes > MaxBytes)
        {
            _json.Throw(0, "index", $"at most {MaxBytes} bytes", $"{bytes}");
        }

        Files = new Dictionary<string, string>((int)Math.Min(MaxNames, bytes / UsualBytesPerName));
    }

    /// <summary>The file name of each tensor. Equal file names are one object.</summary>
    public Dictionary<string, string> Files { get; }

    /// <exception cref="CheckpointException">The index is missing, damaged, or names something else than files beside it.</exception>
    public static SafetensorsIndex Read(string path)
    {
        using var mapped = FileMapping.Open(path, "an index of safetensors files", "open it as a folder of them");
        var index = new SafetensorsIndex(path, mapped.Bytes.Length);
        var reader = new Utf8JsonReader(mapped.Bytes.Span(0, (int)mapped.Bytes.Length), SafetensorsJson.Options);
        try
        {
            index.Read(ref reader);
        }
        catch (JsonException exception)
        {
            index._json.ThrowMalformed(reader, "index", exception);
        }

        return index.Files.Count > 0 ? index : throw new CheckpointException($"{path}: expected a weight_map that names tensors, found none");
    }

    private void Read(ref Utf8JsonReader reader)
    {
        reader.Read();
        _json.Require(reader, JsonTokenType.StartObject, "index");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("weight_map"u8))
            {
                ReadWeightMap(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        reader.Read(); // Anything after the object is malformed JSON.
    }

    private void ReadWeightMap(ref Utf8JsonReader reader)
    {
        reader.Read();
        _json.Require(reader, JsonTokenType.StartObject, "weight_map");
        Dictionary<string, string> files = []; // each name once in memory
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var at = _json.At(reader);
            var name = _json.Text(reader, "tensor name", MaxNameBytes);
            reader.Read();
            _json.Require(reader, JsonTokenType.String, "file of tensor", name);
            var file = _json.Text(reader, "file of a tensor", MaxFileBytes);
            if (!files.TryGetValue(file, out var known))
            {
                RequirePlainName(reader, name, file);
                files.Add(file, known = file);
            }

            if (!Files.TryAdd(name, known))
            {
                _json.Throw(at, "tensor name", "each name once", $"'{FileText.Escape(name)}' again");
            }

            if (Files.Count > MaxNames)
            {
                _json.Throw(at, "weight_map", $"at most {MaxNames} names", "more");
            }
        }
    }

    // A name that leads out of the folder must not be followed, whatever system reads it.
    private void RequirePlainName(in Utf8JsonReader reader, string name, string file)
    {
        if (!file.EndsWith(Extension, StringComparison.Ordinal) || file.AsSpan().IndexOfAny("/\\:") >= 0 || file.Any(char.IsControl) || file.StartsWith('.'))
        {
            _json.Throw(
                _json.At(reader), $"file of tensor '{FileText.Escape(name)}'",
                $"the plain name of a {Extension} file beside the index", $"'{FileText.Escape(file)}'");
        }
    }
}
