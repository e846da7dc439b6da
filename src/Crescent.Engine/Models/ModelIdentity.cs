using System.Globalization;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.KvCache.Snapshots;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models;

/// <summary>
/// A hash of all that a model's cached values depend on beside the tokens, so that values of another model or another setting are never taken for its
/// own. Weights are too large to hash: files count with name, size and time, tensors with name, type and shape, and a sample of their bytes.
/// Threads, batch sizes, instruction-set levels and where weights lie change no bits, so they are left out; but for fused multiply-add, which does.
/// </summary>
public static class ModelIdentity
{
    private const int MostSamples = 1024; // tensors sampled, evenly spread in the order of their names: all of them in most files
    private const int SampleBytes = 4096; // of a tensor's codes, and of its scales where they lie apart

    /// <param name="metadata">The checkpoint's metadata, overrides applied.</param>
    /// <returns>A SHA-256.</returns>
    public static byte[] Hash(Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, $"crescent prefix {PrefixSnapshotFormat.Version} {options.Activations} {options.KvType} {options.Mla} {options.ResidentType}");
        if (options.Lossy is { IsOn: true } lossy)
        {
            Append(hash, $"lossy {lossy.SkipShare:R} {lossy.PreferResident:R} {lossy.CopiesPath is not null}");
            foreach (var file in FilesOf(lossy.CopiesPath))
            {
                Append(hash, $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}");
            }
        }

        Append(hash, $"fused {Fma.IsSupported || AdvSimd.IsSupported}, little-endian {BitConverter.IsLittleEndian}, permuted {checkpoint.HasPermutedLlamaHeads}");
        foreach (var key in metadata.Keys.Order(StringComparer.Ordinal))
        {
            AppendEntry(hash, key, metadata.Entry(key));
        }

        foreach (var file in checkpoint.Files.Select(path => new FileInfo(path)).OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            Append(hash, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        }

        AppendTensors(hash, [.. checkpoint.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)]);
        return hash.GetHashAndReset();
    }

    private static IEnumerable<FileInfo> FilesOf(string? path) =>
        path is null ? []
        : Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles().OrderBy(file => file.FullName, StringComparer.Ordinal)
        : new FileInfo(path) is { Exists: true } file ? [file] : [];

    private static void AppendEntry(IncrementalHash hash, string key, GgufEntry entry)
    {
        Append(hash, $"{key} {entry.Type} {entry.ElementType} {entry.Count} {entry.Bits} {entry.Text}");
        if (entry.Text is not null)
        {
            return;
        }

        for (long at = 0; at < entry.PayloadBytes; at += 1 << 20)
        {
            hash.AppendData(entry.Payload(at, (int)Math.Min(1 << 20, entry.PayloadBytes - at)));
        }
    }

    private static void AppendTensors(IncrementalHash hash, CheckpointTensor[] tensors)
    {
        var step = Math.Max(1, (tensors.Length + MostSamples - 1) / MostSamples);
        for (var i = 0; i < tensors.Length; i++)
        {
            Append(hash, $"{tensors[i].Name} {tensors[i].DType} {string.Join(',', tensors[i].Shape)} {tensors[i].Parts.Count}");
            if (i % step == 0)
            {
                var part = tensors[i].Parts[i % tensors[i].Parts.Count]; // not always the same expert
                AppendSample(hash, part.Codes, i);
                AppendSample(hash, part.Scales, i);
            }
        }
    }

    // From another of 64 places in each tensor.
    private static void AppendSample(IncrementalHash hash, ByteRegion bytes, int index)
    {
        var length = (int)Math.Min(SampleBytes, bytes.Length);
        hash.AppendData(bytes.Span((bytes.Length - length) / 64 * (index * 37 % 64), length));
    }

    private static void Append(IncrementalHash hash, FormattableString line) => hash.AppendData(Encoding.UTF8.GetBytes(line.ToString(CultureInfo.InvariantCulture) + "\n"));
}
