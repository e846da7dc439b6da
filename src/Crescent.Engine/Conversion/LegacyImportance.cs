using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Conversion;

/// <summary>
/// Reads llama.cpp's importance matrices from before GGUF, all numbers little-endian (tools/imatrix/imatrix.cpp, save_imatrix_legacy):
/// <code>
/// i32           entries
/// each entry:   i32 length, name; i32 calls; i32 values; f32[values]: mean squared inputs · calls
/// then, or not: i32 chunks; i32 length, name of the text
/// </code>
/// </summary>
internal ref struct LegacyImportance
{
    private const int MaxEntries = 1 << 18;
    private const int MaxNameBytes = 256;
    private const int MaxDatasetBytes = 1 << 16;

    private readonly string _path;
    private readonly ByteRegion _bytes;
    private long _position;

    private LegacyImportance(string path, ByteRegion bytes) => (_path, _bytes) = (path, bytes);

    /// <exception cref="CheckpointException">The file is damaged, or no importance matrix.</exception>
    public static ImportanceMatrix Read(string path, ByteRegion bytes)
    {
        var reader = new LegacyImportance(path, bytes);
        var entries = new Dictionary<string, ImportanceEntry>();
        for (var left = reader.Number("number of entries", 1, MaxEntries); left > 0; left--)
        {
            var at = reader._position;
            var (name, entry) = reader.Entry();
            if (!entries.TryAdd(name, entry))
            {
                reader.Throw(at, "name of an entry", "each name once", $"'{FileText.Escape(name)}' again");
            }
        }

        if (reader._position == bytes.Length)
        {
            return new ImportanceMatrix { Entries = entries };
        }

        var chunks = reader.Number("number of chunks", 0, int.MaxValue);
        var dataset = reader._position == bytes.Length ? "" : reader.Text("name of the text", 0, MaxDatasetBytes);
        return new ImportanceMatrix { Entries = entries, ChunkCount = chunks, Datasets = dataset.Length > 0 ? [dataset] : [] };
    }

    private (string Name, ImportanceEntry Entry) Entry()
    {
        var name = Text("name of an entry", 1, MaxNameBytes);
        var calls = Number($"calls of '{name}'", 0, int.MaxValue);
        var count = Number($"values of '{name}'", 1, int.MaxValue / sizeof(float));
        var values = MemoryMarshal.Cast<byte, float>(Take(count * sizeof(float), $"values of '{name}'")).ToArray();

        // No calls: the values are means already.
        return (name, new ImportanceEntry(ImportanceMatrix.RequireWeights(_path, name, values), [Math.Max(1, calls)]));
    }

    private string Text(string what, int minimum, int maximum) =>
        Encoding.UTF8.GetString(Take(Number($"length of the {what}", minimum, maximum), what));

    private int Number(string what, int minimum, int maximum)
    {
        var at = _position;
        var number = BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int), what));
        if (number < minimum || number > maximum)
        {
            Throw(at, what, $"{minimum}..{maximum}", number.ToString());
        }

        return number;
    }

    private ReadOnlySpan<byte> Take(int bytes, string what)
    {
        if (bytes > _bytes.Length - _position)
        {
            Throw(_position, what, $"{bytes} bytes", $"the file ends after {_bytes.Length - _position}");
        }

        _position += bytes;
        return _bytes.Span(_position - bytes, bytes);
    }

    [DoesNotReturn]
    private readonly void Throw(long offset, string what, string expected, string found) =>
        throw new CheckpointException($"{_path}: offset {offset}: {what}: expected {expected}, found {found}; is it an importance matrix of llama-imatrix?");
}
