using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Engine.Models;

/// <summary>Reads an architecture's keys <c>{arch}.name</c>, each with the range it must lie in, so that nothing absurd reaches an allocation.</summary>
public sealed class GgufConfig(GgufMetadata metadata, string architecture, string path)
{
    private const int MostValues = 1 << 24; // wider than any model; keeps products of two inside 64 bits

    private readonly GgufMetadata _metadata = metadata;
    private readonly string _path = path;

    public string Architecture { get; } = architecture;

    public GgufMetadata Metadata => _metadata;

    public bool Contains(string name) => _metadata.Contains(Key(name));

    /// <summary>An integer in <paramref name="least"/>..<paramref name="most"/>.</summary>
    public int Integer(string name, int least = 1, int most = MostValues) =>
        _metadata.TryGetInt64(Key(name), out var value)
            ? InRange(name, value, least, most)
            : throw new CheckpointException($"{_path}: expected metadata key '{Key(name)}' (an integer), found none");

    /// <summary>The same, or <paramref name="absent"/> where the key is missing.</summary>
    public int Integer(string name, int absent, int least, int most) =>
        _metadata.TryGetInt64(Key(name), out var value) ? InRange(name, value, least, most) : absent;

    /// <summary>An integer that some files give as an array with one entry a layer; all must be equal.</summary>
    public int UniformInteger(string name, int absent, int least = 1, int most = MostValues)
    {
        if (!_metadata.IsArray(Key(name)))
        {
            return Integer(name, absent, least, most);
        }

        var distinct = _metadata.TryGetInt32Array(Key(name), out var values) ? values.Distinct().ToArray() : [];
        return distinct.Length == 1
            ? InRange(name, distinct[0], least, most)
            : throw new CheckpointException($"{_path}: metadata key '{Key(name)}': expected one value for all layers, found {distinct.Length} different ones");
    }

    /// <summary>An integer for each of <paramref name="layers"/> layers; files whose layers are alike may give one for all.</summary>
    public int[] LayerIntegers(string name, int layers, int least, int most)
    {
        if (!_metadata.IsArray(Key(name)))
        {
            return [.. Enumerable.Repeat(Integer(name, least, most), layers)];
        }

        var values = _metadata.TryGetInt32Array(Key(name), out var found) ? found : [];
        return values.Length == layers
            ? Array.ConvertAll(values, value => InRange(name, value, least, most))
            : throw new CheckpointException($"{_path}: metadata key '{Key(name)}': expected {layers} values, one a layer, found {values.Length}");
    }

    public float Number(string name, float absent)
    {
        var value = _metadata.TryGetSingle(Key(name), out var found) ? found : absent;
        return float.IsFinite(value)
            ? value
            : throw new CheckpointException($"{_path}: metadata key '{Key(name)}': expected a finite number, found {value}");
    }

    /// <summary>A number above zero.</summary>
    public float Positive(string name, float absent)
    {
        var value = Number(name, absent);
        return value > 0
            ? value
            : throw new CheckpointException($"{_path}: metadata key '{Key(name)}': expected a number above 0, found {value}");
    }

    public bool Flag(string name, bool absent) => _metadata.TryGetBool(Key(name), out var value) ? value : absent;

    public string? Text(string name) => _metadata.TryGetString(Key(name), out var value) ? value : null;

    /// <summary>An error about this checkpoint's configuration.</summary>
    public CheckpointException Error(string message) => new($"{_path}: {message}");

    private string Key(string name) => $"{Architecture}.{name}";

    private int InRange(string name, long value, int least, int most) =>
        value >= least && value <= most
            ? (int)value
            : throw new CheckpointException($"{_path}: metadata key '{Key(name)}': expected {least}..{most}, found {value}");
}
