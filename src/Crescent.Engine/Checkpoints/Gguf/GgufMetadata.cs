using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>
/// The typed key-value pairs of a GGUF file. <c>TryGet…</c> is false only when the key is absent; a value of the wrong type or out of range
/// throws. Strings and arrays are decoded from the mapped file at each call, so they cost nothing unused and end with the checkpoint.
/// </summary>
public sealed class GgufMetadata
{
    private readonly Dictionary<string, GgufEntry> _entries;
    private readonly string _path;

    internal GgufMetadata(string path, Dictionary<string, GgufEntry> entries) => (_path, _entries) = (path, entries);

    /// <summary>Number of keys.</summary>
    public int Count => _entries.Count;

    /// <summary>Every key with its type and a short form of its value, in the file's order.</summary>
    public IEnumerable<(string Key, string Type, string Value)> Describe() =>
        _entries.Select(pair => (pair.Key, pair.Value.Describe(), Show(pair.Value)));

    public bool Contains(string key) => _entries.ContainsKey(key);

    /// <summary>Whether the key is present and holds an array.</summary>
    public bool IsArray(string key) => _entries.TryGetValue(key, out var entry) && entry.Type == GgufValueType.Array;

    /// <summary>The type of a key's value; of an array, its elements' type.</summary>
    public bool TryGetType(string key, out GgufValueType type, out GgufValueType elementType)
    {
        var found = _entries.TryGetValue(key, out var entry);
        (type, elementType) = found ? (entry!.Type, entry.ElementType) : default;
        return found;
    }

    /// <summary>The keys, in the file's order.</summary>
    public IEnumerable<string> Keys => _entries.Keys;

    internal GgufEntry Entry(string key) => _entries[key];

    /// <summary>The same metadata with some values replaced or added.</summary>
    public GgufMetadata With(IEnumerable<GgufOverride> overrides)
    {
        var entries = new Dictionary<string, GgufEntry>(_entries);
        foreach (var given in overrides)
        {
            entries[given.Key] = given.Entry;
        }

        return new GgufMetadata(_path, entries);
    }

    /// <exception cref="CheckpointException">The value is not an integer of this range.</exception>
    public bool TryGetUInt32(string key, out uint value)
    {
        var found = TryGetInteger(key, 0, uint.MaxValue, out var number);
        value = (uint)number;
        return found;
    }

    /// <inheritdoc cref="TryGetUInt32"/>
    public bool TryGetInt32(string key, out int value)
    {
        var found = TryGetInteger(key, int.MinValue, int.MaxValue, out var number);
        value = (int)number;
        return found;
    }

    /// <inheritdoc cref="TryGetUInt32"/>
    public bool TryGetInt64(string key, out long value) => TryGetInteger(key, long.MinValue, long.MaxValue, out value);

    /// <summary>Any float, or an integer.</summary>
    /// <exception cref="CheckpointException">The value is not a number.</exception>
    public bool TryGetDouble(string key, out double value)
    {
        value = 0;
        if (!_entries.TryGetValue(key, out var entry))
        {
            return false;
        }

        value = entry.Type switch
        {
            GgufValueType.F32 or GgufValueType.F64 => BitConverter.Int64BitsToDouble(entry.Bits),
            GgufValueType.U64 => (ulong)entry.Bits,
            _ when IsInteger(entry.Type) => entry.Bits,
            _ => ThrowType<double>(key, "a number", entry),
        };
        return true;
    }

    /// <inheritdoc cref="TryGetDouble"/>
    public bool TryGetSingle(string key, out float value)
    {
        var found = TryGetDouble(key, out var number);
        value = (float)number;
        return found;
    }

    /// <exception cref="CheckpointException">The value is not a bool.</exception>
    public bool TryGetBool(string key, out bool value)
    {
        value = false;
        if (!_entries.TryGetValue(key, out var entry))
        {
            return false;
        }

        value = entry.Type == GgufValueType.Bool ? entry.Bits != 0 : ThrowType<bool>(key, "bool", entry);
        return true;
    }

    /// <summary>A string; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="CheckpointException">The value is not a string.</exception>
    public bool TryGetString(string key, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (!_entries.TryGetValue(key, out var entry))
        {
            return false;
        }

        value = entry.Type != GgufValueType.Str ? ThrowType<string>(key, "str", entry)
            : entry.Text ?? Encoding.UTF8.GetString(entry.Payload(0, (int)entry.PayloadBytes));
        return true;
    }

    /// <exception cref="CheckpointException">The key is absent, or its value is not an integer of this range.</exception>
    public uint GetUInt32(string key) => TryGetUInt32(key, out var value) ? value : ThrowMissing<uint>(key, "u32");

    /// <inheritdoc cref="GetUInt32"/>
    public int GetInt32(string key) => TryGetInt32(key, out var value) ? value : ThrowMissing<int>(key, "i32");

    /// <inheritdoc cref="GetUInt32"/>
    public long GetInt64(string key) => TryGetInt64(key, out var value) ? value : ThrowMissing<long>(key, "i64");

    /// <exception cref="CheckpointException">The key is absent, or its value is not a number.</exception>
    public float GetSingle(string key) => TryGetSingle(key, out var value) ? value : ThrowMissing<float>(key, "f32");

    /// <inheritdoc cref="GetSingle"/>
    public double GetDouble(string key) => TryGetDouble(key, out var value) ? value : ThrowMissing<double>(key, "f64");

    /// <exception cref="CheckpointException">The key is absent, or its value is not a bool.</exception>
    public bool GetBool(string key) => TryGetBool(key, out var value) ? value : ThrowMissing<bool>(key, "bool");

    /// <exception cref="CheckpointException">The key is absent, or its value is not a string.</exception>
    public string GetString(string key) => TryGetString(key, out var value) ? value : ThrowMissing<string>(key, "str");

    /// <summary>An array of integers (or bools, as 0 and 1).</summary>
    /// <exception cref="CheckpointException">The value is no such array, or an element does not fit.</exception>
    public bool TryGetInt32Array(string key, [NotNullWhen(true)] out int[]? values)
    {
        values = null;
        if (!_entries.TryGetValue(key, out var entry))
        {
            return false;
        }

        if (entry.Type != GgufValueType.Array || !(IsInteger(entry.ElementType) || entry.ElementType == GgufValueType.Bool))
        {
            return ThrowType<bool>(key, "an array of integers", entry);
        }

        values = new int[entry.Count];
        var bytes = PayloadSpan(entry);
        var size = entry.ElementType.FixedBytes();
        for (var i = 0; i < values.Length; i++)
        {
            var bits = GgufHeader.ScalarBits(entry.ElementType, bytes.Slice(i * size, size));
            values[i] = Fits(entry.ElementType, bits, int.MinValue, int.MaxValue)
                ? (int)bits
                : ThrowRange<int>(key, $"element {i} in the range of i32", entry.ElementType, bits, entry);
        }

        return true;
    }

    /// <summary>An array of floats.</summary>
    /// <exception cref="CheckpointException">The value is not an array of floats.</exception>
    public bool TryGetSingleArray(string key, [NotNullWhen(true)] out float[]? values)
    {
        values = null;
        if (!_entries.TryGetValue(key, out var entry))
        {
            return false;
        }

        if (entry.Type != GgufValueType.Array || entry.ElementType is not (GgufValueType.F32 or GgufValueType.F64))
        {
            return ThrowType<bool>(key, "an array of floats", entry);
        }

        values = new float[entry.Count];
        var bytes = PayloadSpan(entry);
        if (entry.ElementType == GgufValueType.F32)
        {
            MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
            return true;
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
        }

        return true;
    }

    /// <summary>An array of strings; bytes that are not UTF-8 become U+FFFD (<see cref="TryGetByteStringArray"/> keeps them).</summary>
    /// <exception cref="CheckpointException">The value is not an array of strings.</exception>
    public bool TryGetStringArray(string key, [NotNullWhen(true)] out string[]? values)
    {
        values = null;
        if (!TryGetStrings(key, out var entry))
        {
            return false;
        }

        values = new string[entry.Count];
        var at = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Encoding.UTF8.GetString(NextString(entry, ref at));
        }

        return true;
    }

    /// <summary>An array of strings as the bytes in the file, for token pieces that are not UTF-8.</summary>
    /// <inheritdoc cref="TryGetStringArray"/>
    public bool TryGetByteStringArray(string key, [NotNullWhen(true)] out byte[][]? values)
    {
        values = null;
        if (!TryGetStrings(key, out var entry))
        {
            return false;
        }

        values = new byte[entry.Count][];
        var at = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = NextString(entry, ref at).ToArray();
        }

        return true;
    }

    /// <summary>Number of elements of an array, without decoding it.</summary>
    public bool TryGetArrayLength(string key, out int length)
    {
        var found = _entries.TryGetValue(key, out var entry) && entry.Type == GgufValueType.Array;
        length = found ? (int)entry!.Count : 0;
        return found;
    }

    private static bool IsInteger(GgufValueType type) => type
        is GgufValueType.U8 or GgufValueType.I8 or GgufValueType.U16 or GgufValueType.I16
        or GgufValueType.U32 or GgufValueType.I32 or GgufValueType.U64 or GgufValueType.I64;

    private static bool Fits(GgufValueType type, long bits, long minimum, long maximum) =>
        !(type == GgufValueType.U64 && bits < 0) && bits >= minimum && bits <= maximum;

    private static ReadOnlySpan<byte> PayloadSpan(GgufEntry entry) => entry.Payload(0, (int)entry.PayloadBytes);

    // The scan of the header has walked these lengths already.
    private static ReadOnlySpan<byte> NextString(GgufEntry entry, ref long at)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(entry.Payload(at, 8));
        var bytes = entry.Payload(at + 8, length);
        at += 8 + length;
        return bytes;
    }

    private static string Show(GgufEntry entry)
    {
        const int ShownElements = 8;
        if (entry.Type != GgufValueType.Array)
        {
            return entry.Type == GgufValueType.Str ? ShowText(entry.Text, entry) : ShowScalar(entry.Type, entry.Bits);
        }

        var shown = (int)Math.Min(ShownElements, entry.Count);
        var parts = new string[shown];
        var at = 0L;
        var size = entry.ElementType.FixedBytes();
        for (var i = 0; i < shown; i++)
        {
            parts[i] = size == 0
                ? Quote(Encoding.UTF8.GetString(Start(NextString(entry, ref at))))
                : ShowScalar(entry.ElementType, GgufHeader.ScalarBits(entry.ElementType, entry.Payload((long)i * size, size)));
        }

        return $"[{string.Join(", ", parts)}{(entry.Count > shown ? ", …" : "")}]";
    }

    private static string ShowText(string? text, GgufEntry entry) =>
        Quote(text ?? Encoding.UTF8.GetString(Start(entry.Payload(0, (int)entry.PayloadBytes))));

    private static ReadOnlySpan<byte> Start(ReadOnlySpan<byte> text) => text[..Math.Min(text.Length, 400)];

    private static string ShowScalar(GgufValueType type, long bits) => type switch
    {
        GgufValueType.F32 => ((float)BitConverter.Int64BitsToDouble(bits)).ToString(CultureInfo.InvariantCulture),
        GgufValueType.F64 => BitConverter.Int64BitsToDouble(bits).ToString(CultureInfo.InvariantCulture),
        GgufValueType.Bool => bits != 0 ? "true" : "false",
        GgufValueType.U64 => ((ulong)bits).ToString(CultureInfo.InvariantCulture),
        _ => bits.ToString(CultureInfo.InvariantCulture),
    };

    private static string Quote(string text) => $"\"{FileText.Escape(text, shownCharacters: 80)}\"";

    private bool TryGetInteger(string key, long minimum, long maximum, out long value)
    {
        value = 0;
        if (!_entries.TryGetValue(key, out var entry))
        {
            return false;
        }

        if (!IsInteger(entry.Type))
        {
            return ThrowType<bool>(key, "an integer", entry);
        }

        value = Fits(entry.Type, entry.Bits, minimum, maximum)
            ? entry.Bits
            : ThrowRange<long>(key, $"{minimum}..{maximum}", entry.Type, entry.Bits, entry);
        return true;
    }

    private bool TryGetStrings(string key, [NotNullWhen(true)] out GgufEntry? entry)
    {
        if (!_entries.TryGetValue(key, out entry))
        {
            return false;
        }

        return (entry.Type == GgufValueType.Array && entry.ElementType == GgufValueType.Str) || ThrowType<bool>(key, "an array of str", entry);
    }

    [DoesNotReturn]
    private T ThrowMissing<T>(string key, string expected) =>
        throw new CheckpointException($"{_path}: metadata key '{key}': expected {expected}, found no such key");

    [DoesNotReturn]
    private T ThrowType<T>(string key, string expected, GgufEntry entry) =>
        throw new CheckpointException($"{_path}: metadata key '{key}' ({entry.Where}): expected {expected}, found {entry.Describe()}");

    [DoesNotReturn]
    private T ThrowRange<T>(string key, string expected, GgufValueType type, long bits, GgufEntry entry) =>
        throw new CheckpointException($"{_path}: metadata key '{key}' ({entry.Where}): expected {expected}, found {ShowScalar(type, bits)}");
}
