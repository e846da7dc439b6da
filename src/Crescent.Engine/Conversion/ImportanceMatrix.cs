using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>
/// How much each column of each weight matrix matters: sums of squared inputs over a text, measured once and used by every quantisation. In files of
/// llama.cpp's two kinds (tools/imatrix/imatrix.cpp): GGUF, with <c>NAME.in_sum2</c> and <c>NAME.counts</c>, read and written; and the older
/// <c>.dat</c>, read.
/// </summary>
public sealed class ImportanceMatrix
{
    private const string SumsSuffix = ".in_sum2";
    private const string CountsSuffix = ".counts";
    private const string DatasetsKey = "imatrix.datasets";
    private const string ChunkCountKey = "imatrix.chunk_count";
    private const string ChunkSizeKey = "imatrix.chunk_size";

    /// <summary>What was measured, by the tensor's GGUF name.</summary>
    public required IReadOnlyDictionary<string, ImportanceEntry> Entries { get; init; }

    /// <summary>Names of the texts that were measured.</summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];

    /// <summary>Chunks of text that were measured.</summary>
    public int ChunkCount { get; init; }

    /// <summary>Tokens of a chunk; 0 where the file does not say.</summary>
    public int ChunkSize { get; init; }

    /// <summary>Reads a file of either kind.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or not an importance matrix.</exception>
    public static ImportanceMatrix Load(string path)
    {
        using (var file = FileMapping.Open(path, "an importance matrix", "name the file"))
        {
            if (!(file.Bytes.Length >= 4 && file.Bytes.Span(0, 4).SequenceEqual("GGUF"u8)))
            {
                return LegacyImportance.Read(path, file.Bytes);
            }
        }

        using var checkpoint = GgufCheckpoint.Open(path);
        return Read(checkpoint);
    }

    /// <summary>Writes the GGUF form. The file appears under its name when it is complete.</summary>
    /// <exception cref="ArgumentException">An entry has no values, or its sums are not the same number for each count.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        var writer = new GgufWriter()
            .Set("general.type", "imatrix").Set(DatasetsKey, Datasets).Set(ChunkCountKey, checked((uint)ChunkCount)).Set(ChunkSizeKey, checked((uint)ChunkSize));
        foreach (var (name, entry) in Entries.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var (sums, counts) = (entry.Sums, entry.Counts);
            if (counts.Length == 0 || sums.Length == 0 || sums.Length % counts.Length != 0)
            {
                throw new ArgumentException($"importance of '{name}': expected as many sums for each count, found {sums.Length} sums and {counts.Length} counts");
            }

            writer.AddTensor(name + SumsSuffix, DType.F32, [counts.Length, sums.Length / counts.Length], sink => sink(MemoryMarshal.AsBytes<float>(sums)));
            writer.AddTensor(name + CountsSuffix, DType.F32, [counts.Length, 1], sink => sink(MemoryMarshal.AsBytes<float>(counts)));
        }

        writer.Write(path);
    }

    /// <exception cref="CheckpointException">A number is not finite, or negative.</exception>
    internal static float[] RequireWeights(string path, string tensor, float[] values)
    {
        var bad = Array.FindIndex(values, value => !float.IsFinite(value) || value < 0);
        return bad < 0
            ? values
            : throw new CheckpointException($"{path}: tensor '{tensor}': value {bad}: expected a finite number, 0 or larger, found {values[bad]}");
    }

    private static ImportanceMatrix Read(GgufCheckpoint checkpoint)
    {
        var entries = new Dictionary<string, ImportanceEntry>();
        foreach (var name in checkpoint.Tensors.Keys.Where(name => name.EndsWith(SumsSuffix, StringComparison.Ordinal)))
        {
            var tensor = name[..^SumsSuffix.Length];
            var sums = Values(checkpoint, name);
            var counts = Values(checkpoint, tensor + CountsSuffix);
            if (sums.Length % counts.Length != 0)
            {
                throw new CheckpointException($"{checkpoint.Path}: tensor '{name}': expected a multiple of the {counts.Length} counts, found {sums.Length} sums");
            }

            entries.Add(tensor, new ImportanceEntry(sums, counts));
        }

        if (entries.Count == 0)
        {
            throw new CheckpointException($"{checkpoint.Path}: expected an importance matrix (tensors named …{SumsSuffix}), found none among {checkpoint.Tensors.Count} tensors");
        }

        var metadata = checkpoint.Metadata;
        return new ImportanceMatrix
        {
            Entries = entries,
            Datasets = metadata.TryGetStringArray(DatasetsKey, out var datasets) ? datasets : [],
            ChunkCount = metadata.TryGetInt32(ChunkCountKey, out var chunks) ? chunks : 0,
            ChunkSize = metadata.TryGetInt32(ChunkSizeKey, out var tokens) ? tokens : 0,
        };
    }

    private static float[] Values(GgufCheckpoint checkpoint, string name)
    {
        if (!checkpoint.Tensors.TryGetValue(name, out var tensor))
        {
            throw new CheckpointException($"{checkpoint.Path}: expected a tensor '{name}', found none among {checkpoint.Tensors.Count}");
        }

        if (tensor.DType != DType.F32 || tensor.Bytes.Length > int.MaxValue)
        {
            throw new CheckpointException($"{checkpoint.Path}: tensor '{name}': expected F32 of less than 2 GiB, found {tensor.DType} of {tensor.Bytes.Length} bytes");
        }

        var bytes = tensor.Bytes.Span(0, (int)tensor.Bytes.Length);
        return RequireWeights(checkpoint.Path, name, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }
}
