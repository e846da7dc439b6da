using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>
/// A small llama model made wide enough for blocks of 256 without changing its function: every hidden value, head and feed-forward unit stands
/// there several times, and what reads them takes each copy in equal parts. Trained weights for formats that no small trained model has rows for.
/// </summary>
internal static class WidenedModel
{
    /// <param name="copies">A power of two: its division is exact.</param>
    public static void Write(string source, string path, int copies)
    {
        using var small = GgufCheckpoint.Open(source);
        int Count(string key) => (int)small.Metadata.GetInt64($"llama.{key}");
        var units = ((Count("feed_forward_length") * copies) + 255) / 256 * 256;
        var writer = new GgufWriter().Set("general.architecture", "llama")
            .Set("llama.context_length", 512).Set("llama.block_count", Count("block_count")).Set("llama.rope.dimension_count", Count("rope.dimension_count"))
            .Set("llama.embedding_length", copies * Count("embedding_length")).Set("llama.feed_forward_length", units)
            .Set("llama.attention.head_count", copies * Count("attention.head_count")).Set("llama.attention.head_count_kv", copies * Count("attention.head_count_kv"))
            .Set("llama.attention.layer_norm_rms_epsilon", small.Metadata.GetSingle("llama.attention.layer_norm_rms_epsilon"));
        foreach (var tensor in small.Tensors.Values)
        {
            Assert.Equal(DType.F32, tensor.DType);
            var (values, shape) = Widen(tensor, copies, units);
            writer.AddTensor(tensor.Name, DType.F32, shape, sink => sink(MemoryMarshal.AsBytes(values.AsSpan())));
        }

        writer.Write(path, cancellationToken: TestContext.Current.CancellationToken);
    }

    private static (float[] Values, long[] Shape) Widen(CheckpointTensor tensor, int copies, int units)
    {
        var values = MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span(0, (int)tensor.Bytes.Length)).ToArray();
        if (tensor.Shape.Count == 1)
        {
            return ([.. Enumerable.Repeat(values, copies).SelectMany(copy => copy)], [copies * values.Length]);
        }

        var (rows, columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
        var isTable = tensor.Name == "token_embd.weight";
        var (rowCopies, part) = (isTable || tensor.Name == "output.weight" ? 1 : copies, isTable ? 1f : copies);
        var height = tensor.Name.Contains("ffn_gate", StringComparison.Ordinal) || tensor.Name.Contains("ffn_up", StringComparison.Ordinal) ? units : rows * rowCopies;
        var width = tensor.Name.Contains("ffn_down", StringComparison.Ordinal) ? units : columns * copies;
        var wide = new float[height * width];
        for (var row = 0; row < rows * rowCopies; row++)
        {
            for (var column = 0; column < columns * copies; column++)
            {
                wide[(row * width) + column] = values[(row % rows * columns) + (column % columns)] / part;
            }
        }

        return (wide, [height, width]);
    }
}
