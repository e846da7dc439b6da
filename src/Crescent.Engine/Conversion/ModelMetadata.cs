using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Checkpoints.Records;

namespace Crescent.Engine.Conversion;

/// <summary>Writes a model's metadata as llama.cpp reads it.</summary>
internal static class ModelMetadata
{
    public const string NormalizeHead = "normalize_head";
    public const string Llama3 = "llama3";
    private const string ArchitectureKey = "general.architecture";
    private const string FileTypeKey = "general.file_type";
    private const string QuantizationVersionKey = "general.quantization_version";
    private const uint QuantizationVersion = 2;

    // Said anew, or no longer true.
    private static readonly string[] s_replaced =
        [FileTypeKey, QuantizationVersionKey, "general.alignment", "split.no", "split.count", "split.tensors.count", RecordFormat.SetKey, RecordFormat.FilesKey];

    private static readonly string[] s_llama3 =
        ["rope.scaling.type", "rope.scaling.factor", "rope.scaling.low_freq_factor", "rope.scaling.high_freq_factor", "rope.scaling.original_context_length"];

    /// <summary>Metadata of GGUF, as it is but for what names the types and the shards.</summary>
    /// <param name="fileType">Null: as the source has it.</param>
    public static void Copy(GgufWriter writer, GgufMetadata metadata, int? fileType)
    {
        foreach (var key in metadata.Keys)
        {
            if (!s_replaced.Contains(key))
            {
                writer.Set(key, metadata.Entry(key));
            }
        }

        if (fileType is { } number)
        {
            writer.Set(FileTypeKey, (uint)number).Set(QuantizationVersionKey, QuantizationVersion);
            return;
        }

        foreach (var key in (string[])[FileTypeKey, QuantizationVersionKey])
        {
            if (metadata.Contains(key))
            {
                writer.Set(key, metadata.Entry(key));
            }
        }
    }

    /// <summary>Metadata made of another format's configuration.</summary>
    public static void Translate(GgufWriter writer, Checkpoint checkpoint, int fileType)
    {
        var metadata = checkpoint.Metadata;
        var architecture = metadata.GetString(ArchitectureKey);
        var isLlama3 = metadata.TryGetString($"{architecture}.rope.scaling.type", out var scaling) && scaling == Llama3;
        writer.Set(ArchitectureKey, architecture).Set("general.type", "model");
        var latent = Latent(checkpoint, architecture);
        foreach (var key in metadata.Keys)
        {
            var name = key.StartsWith($"{architecture}.", StringComparison.Ordinal) ? key[(architecture.Length + 1)..] : key;
            if (key == ArchitectureKey || name == NormalizeHead || (isLlama3 && s_llama3.Contains(name)))
            {
                continue;
            }

            if (latent.TryGetValue(name, out var replaced))
            {
                writer.Set(key, replaced);
                continue;
            }

            Set(writer, key, metadata);
        }

        foreach (var name in latent.Keys.Where(name => !metadata.Contains($"{architecture}.{name}")))
        {
            writer.Set($"{architecture}.{name}", latent[name]);
        }

        writer.Set(FileTypeKey, (uint)fileType).Set(QuantizationVersionKey, QuantizationVersion);
    }

    // llama.cpp caches the latent and runs attention as if there were one key head: the cache's lengths stand under the plain keys.
    private static Dictionary<string, uint> Latent(Checkpoint checkpoint, string architecture)
    {
        var metadata = checkpoint.Metadata;
        if (!metadata.TryGetInt32($"{architecture}.attention.kv_lora_rank", out var rank)
            || !checkpoint.Tensors.Keys.Any(name => name.EndsWith(".attn_kv_b.weight", StringComparison.Ordinal)))
        {
            return [];
        }

        var latent = new Dictionary<string, uint>
        {
            ["attention.key_length"] = (uint)(rank + metadata.GetInt32($"{architecture}.rope.dimension_count")),
            ["attention.value_length"] = (uint)rank,
            ["attention.key_length_mla"] = metadata.GetUInt32($"{architecture}.attention.key_length"),
            ["attention.value_length_mla"] = metadata.GetUInt32($"{architecture}.attention.value_length"),
        };

        // Where linear layers stand between, an array tells the layers apart.
        if (!metadata.IsArray($"{architecture}.attention.head_count_kv"))
        {
            latent["attention.head_count_kv"] = 1;
        }

        return latent;
    }

    // A configuration's numbers in the widths that llama.cpp asks for.
    private static void Set(GgufWriter writer, string key, GgufMetadata metadata)
    {
        var entry = metadata.Entry(key);
        switch (entry.Type)
        {
            case GgufValueType.I64 when key == "general.sampling.top_k":
                writer.Set(key, metadata.GetInt32(key));
                break;
            case GgufValueType.I64 when entry.Bits >= 0:
                writer.Set(key, metadata.GetUInt32(key));
                break;
            case GgufValueType.I64:
                writer.Set(key, metadata.GetInt32(key));
                break;
            case GgufValueType.F64:
                writer.Set(key, metadata.GetSingle(key));
                break;
            default:
                writer.Set(key, entry);
                break;
        }
    }
}
