using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;
using Crescent.Kernels.Quantization;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>Copies of a model that say the same in another way.</summary>
internal static class ModelCopy
{
    /// <summary>A copy with the split key and value weights of latent attention fused, as older files have them.</summary>
    public static void WriteFused(GgufCheckpoint split, string path)
    {
        var writer = new GgufWriter();
        CopyMetadata(split.Metadata, writer, []);
        foreach (var tensor in split.Tensors.Values.Where(tensor => !tensor.Name.Contains("attn_k_b", StringComparison.Ordinal)))
        {
            if (!tensor.Name.Contains("attn_v_b", StringComparison.Ordinal))
            {
                Copy(tensor, writer);
                continue;
            }

            var keys = split.Tensors[tensor.Name.Replace("attn_v_b", "attn_k_b", StringComparison.Ordinal)];
            Assert.Equal(DType.F32, keys.DType);
            var (fused, rows) = Fuse(keys, tensor);
            writer.AddTensor(
                tensor.Name.Replace("attn_v_b", "attn_kv_b", StringComparison.Ordinal), DType.F32, [rows, keys.Shape[^2]], sink => sink(MemoryMarshal.AsBytes(fused.AsSpan())));
        }

        writer.Write(path);
    }

    /// <summary>A copy that lacks some metadata keys.</summary>
    public static void WriteWithout(GgufCheckpoint source, string path, params string[] keys)
    {
        Assert.All(keys, key => Assert.True(source.Metadata.Contains(key), key));
        var writer = new GgufWriter();
        CopyMetadata(source.Metadata, writer, keys);
        foreach (var tensor in source.Tensors.Values)
        {
            Copy(tensor, writer);
        }

        writer.Write(path);
    }

    private static void Copy(CheckpointTensor tensor, GgufWriter writer) =>
        writer.AddTensor(tensor.Name, tensor.DType, tensor.Shape, sink => sink(tensor.Bytes.Span(0, (int)tensor.Bytes.Length)));

    // attn_k_b is [heads, latent, nope], attn_v_b [heads, value, latent]; attn_kv_b has the key rows before the value rows in every head.
    private static (float[] Fused, int Rows) Fuse(CheckpointTensor keys, CheckpointTensor values)
    {
        var (latent, nope, value) = ((int)keys.Shape[^2], (int)keys.Shape[^1], (int)values.Shape[^2]);
        var heads = (int)(keys.Count / latent / nope);
        Assert.True(heads > 1);
        var (k, v) = (Decode(keys), Decode(values));
        var fused = new float[heads * (nope + value) * latent];
        for (var h = 0; h < heads; h++)
        {
            for (var l = 0; l < latent; l++)
            {
                for (var n = 0; n < nope; n++)
                {
                    fused[(((h * (nope + value)) + n) * latent) + l] = k[(((h * latent) + l) * nope) + n];
                }

                for (var n = 0; n < value; n++)
                {
                    fused[(((h * (nope + value)) + nope + n) * latent) + l] = v[(((h * value) + n) * latent) + l];
                }
            }
        }

        return (fused, heads * (nope + value));
    }

    // Of arrays only those of integers: the others are the tokenizer's, and no model needs them.
    private static void CopyMetadata(GgufMetadata metadata, GgufWriter writer, string[] without)
    {
        foreach (var (key, _, _) in metadata.Describe().Where(entry => !without.Contains(entry.Key)))
        {
            Assert.True(metadata.TryGetType(key, out var type, out var elementType));
            switch (type)
            {
                case GgufValueType.Str:
                    writer.Set(key, metadata.GetString(key));
                    break;
                case GgufValueType.Bool:
                    writer.Set(key, metadata.GetBool(key));
                    break;
                case GgufValueType.F32:
                    writer.Set(key, metadata.GetSingle(key));
                    break;
                case GgufValueType.U32:
                    writer.Set(key, metadata.GetUInt32(key));
                    break;
                case GgufValueType.I32:
                    writer.Set(key, metadata.GetInt32(key));
                    break;
                case GgufValueType.U64 or GgufValueType.I64:
                    writer.Set(key, metadata.GetInt64(key));
                    break;
                case GgufValueType.Array when elementType == GgufValueType.I32:
                    Assert.True(metadata.TryGetInt32Array(key, out var values));
                    writer.Set(key, values);
                    break;
                default:
                    Assert.Equal(GgufValueType.Array, type);
                    break;
            }
        }
    }

    private static float[] Decode(CheckpointTensor tensor)
    {
        var values = new float[tensor.Count];
        RowCodec.Decode(tensor.DType, tensor.Bytes.Span(0, (int)tensor.Bytes.Length), values);
        return values;
    }
}
