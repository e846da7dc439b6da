using System.Runtime.InteropServices;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>Makes metadata under GGUF's keys from another format's configuration.</summary>
internal sealed class GgufMetadataBuilder
{
    private readonly Dictionary<string, GgufEntry> _entries = [];

    public GgufMetadataBuilder Set(string key, long value) => Add(key, Scalar(GgufValueType.I64, value));

    public GgufMetadataBuilder Set(string key, double value) => Add(key, Scalar(GgufValueType.F64, BitConverter.DoubleToInt64Bits(value)));

    public GgufMetadataBuilder Set(string key, bool value) => Add(key, Scalar(GgufValueType.Bool, value ? 1 : 0));

    public GgufMetadataBuilder Set(string key, string value) => Add(key, new GgufEntry(null, GgufValueType.Str, GgufValueType.Str, value.Length, 0, 0, 0, value));

    public GgufMetadataBuilder Set(string key, ReadOnlySpan<int> values)
    {
        var bytes = MemoryMarshal.AsBytes(values).ToArray();
        return Add(key, new GgufEntry(null, GgufValueType.Array, GgufValueType.I32, values.Length, 0, 0, bytes.Length, Held: bytes));
    }

    /// <param name="path">The checkpoint's path, for messages.</param>
    public GgufMetadata Build(string path) => new(path, _entries);

    private static GgufEntry Scalar(GgufValueType type, long bits) => new(null, type, type, 1, bits, 0, 0);

    private GgufMetadataBuilder Add(string key, GgufEntry entry)
    {
        _entries[key] = entry;
        return this;
    }
}
