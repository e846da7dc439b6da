using Crescent.Engine.Checkpoints;
using Crescent.Engine.Synthesis;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Synthesis.Published;

/// <summary>Every tensor that a published form holds has the values of GGUF's, found by the engine's own map of names.</summary>
public sealed class PublishedValuesTests
{
    private const int HeadDim = 64; // of llama, in the tiny one too

    [Theory]
    [InlineData("tiny-kimi-k2", null, SynthFormat.Safetensors)]
    [InlineData("tiny-kimi-k2", DType.F32, SynthFormat.Safetensors)]
    [InlineData("tiny-kimi-k2-thinking", null, SynthFormat.Safetensors)]
    [InlineData("tiny-moonlight", null, SynthFormat.Safetensors)]
    [InlineData("tiny-moonlight", DType.F8_E4M3, SynthFormat.Safetensors)]
    [InlineData("tiny-deepseek-v3", null, SynthFormat.Safetensors)]
    [InlineData("tiny-kimi-linear", DType.F8_E4M3, SynthFormat.Safetensors)]
    [InlineData("tiny-qwen3-30b-a3b", null, SynthFormat.Safetensors)]
    [InlineData("tiny-llama-3.2-1b", null, SynthFormat.Safetensors)]
    [InlineData("tiny-llama-3.2-1b", DType.F8_E4M3, SynthFormat.Safetensors)]
    [InlineData("tiny-gpt-oss-20b", null, SynthFormat.Safetensors)]
    [InlineData("tiny-grok-1", null, SynthFormat.Safetensors)]
    [InlineData("tiny-grok-1", null, SynthFormat.Grok)]
    public void Every_tensor_has_the_values_of_GGUFs(string name, DType? type, SynthFormat format)
    {
        using var folder = new TemporaryFolder();
        using var gguf = Checkpoint.Open(PublishedModels.Gguf(folder, name));
        using var published = Checkpoint.Open(PublishedModels.Published(folder, name, type, format));
        var compared = 0;
        foreach (var tensor in gguf.Tensors.Values.Where(tensor => tensor.Name != "rope_freqs.weight" && !IsLatentPart(tensor.Name)))
        {
            var expected = Rows(gguf, tensor.Name);
            var found = Rows(published, tensor.Name);
            var isHalved = name.Contains("llama", StringComparison.Ordinal) && (tensor.Name.Contains("attn_q.", StringComparison.Ordinal) || tensor.Name.Contains("attn_k.", StringComparison.Ordinal));
            Assert.Equal(expected.Length, found.Length);
            for (var row = 0; row < expected.Length; row++)
            {
                Assert.True(expected[row].AsSpan().SequenceEqual(found[isHalved ? InHalves(row) : row]), $"{tensor.Name} row {row}");
            }

            compared++;
        }

        foreach (var keys in gguf.Tensors.Keys.Where(key => key.EndsWith("attn_k_b.weight", StringComparison.Ordinal)))
        {
            AssertLatent(gguf, published, keys.Replace(".attn_k_b.weight", "", StringComparison.Ordinal));
            compared++;
        }

        Assert.Equal(published.Tensors.Count, compared);
    }

    private static bool IsLatentPart(string name) =>
        name.EndsWith("attn_k_b.weight", StringComparison.Ordinal) || name.EndsWith("attn_v_b.weight", StringComparison.Ordinal);

    // Row 2i + s of a head in GGUF is row i + s · 32 of the release: the two values that rotate together are neighbours there, half a head apart here.
    private static int InHalves(int row) => row - (row % HeadDim) + (row % 2 * (HeadDim / 2)) + (row % HeadDim / 2);

    // kv_b: of each head the keys' rows, which GGUF has transposed, then the values' rows.
    private static void AssertLatent(Checkpoint gguf, Checkpoint published, string layer)
    {
        var (keys, values, both) = (Rows(gguf, $"{layer}.attn_k_b.weight"), Rows(gguf, $"{layer}.attn_v_b.weight"), Rows(published, $"{layer}.attn_kv_b.weight"));
        var heads = (int)gguf.Tensors[$"{layer}.attn_k_b.weight"].Shape[0];
        var (latent, nope, value) = (keys.Length / heads, keys[0].Length, values.Length / heads);
        Assert.Equal(heads * (nope + value), both.Length);
        for (var h = 0; h < heads; h++)
        {
            for (var n = 0; n < nope; n++)
            {
                Assert.Equal(Enumerable.Range(0, latent).Select(c => keys[(h * latent) + c][n]), both[(h * (nope + value)) + n]);
            }

            for (var v = 0; v < value; v++)
            {
                Assert.Equal(values[(h * value) + v], both[(h * (nope + value)) + nope + v]);
            }
        }
    }

    private static float[][] Rows(Checkpoint checkpoint, string name)
    {
        var source = new TensorSource(checkpoint.Tensors, checkpoint.Path, IsaLevel.Portable);
        var shape = source.ShapeOf(name)!.Where(length => length != 1).ToArray();
        return shape switch
        {
            [var length] => [source.Vector(name, length)],
            [var rows, var columns] => [.. Decode(source.Matrix(name, rows, columns))],
            [var count, var rows, var columns] => [.. source.Stack(name, count, rows, columns).SelectMany(Decode)],
            _ => throw new InvalidOperationException($"{name}: {shape.Length} axes"),
        };
    }

    private static IEnumerable<float[]> Decode(WeightMatrix matrix)
    {
        for (var row = 0; row < matrix.Rows; row++)
        {
            var values = new float[matrix.Columns];
            matrix.DecodeRow(row, values);
            yield return values;
        }
    }
}
