using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>The forms of multi-head latent attention, and of its weights, are one function.</summary>
public sealed class MlaTests
{
    private const float FormBound = 1e-3f;
    private const float FloatActivationsBound = 1e-4f;
    private const float FusedBound = 1e-5f; // of the largest logit: the two layouts sum in different orders

    public static TheoryData<string> FloatLatent => TestModels.Rows(TestModels.Latent.Intersect(TestModels.Float));

    public static TheoryData<string> Latent => TestModels.Rows(TestModels.Latent);

    [Theory]
    [MemberData(nameof(FloatLatent))]
    public void Expanded_and_absorbed_attention_agree(string name) => AssertForms(name, FormBound, ActivationType.Int8);

    [Theory]
    [MemberData(nameof(Latent))]
    public void Expanded_and_absorbed_attention_agree_closely_with_float_activations(string name) =>
        AssertForms(name, FloatActivationsBound, ActivationType.F32);

    [Fact]
    public void The_forms_agree_past_the_positions_that_are_expanded_at_a_time()
    {
        var text = TestModels.Tokens();
        int[] tokens = [.. Enumerable.Range(0, 600).Select(i => text[(i * 7) % text.Length])];
        using var expanded = LoadedModel.Open("g-kimi-k2", LoadedModel.Plain with { Mla = MlaForm.Expanded });
        using var absorbed = LoadedModel.Open("g-kimi-k2", LoadedModel.Plain with { Mla = MlaForm.Absorbed });
        var expected = absorbed.Score(tokens, 64);
        Logits.AssertWithin(FormBound, expected, expanded.Score(tokens, 64));
        Logits.AssertSameBits(expanded.Score(tokens, 64), expanded.Score(tokens, 50), "chunks off the blocks:");
    }

    [Theory]
    [InlineData(MlaForm.Expanded)]
    [InlineData(MlaForm.Absorbed)]
    public void Fused_key_and_value_weights_give_what_the_split_ones_give(MlaForm form)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("fused.gguf");
        using (var split = GgufCheckpoint.Open(TestModels.PathOf("g-kimi-k2")))
        {
            WriteFused(split, path);
        }

        var options = LoadedModel.Plain with { Mla = form };
        using var expected = LoadedModel.Open("g-kimi-k2", options);
        using var fused = LoadedModel.OpenFile(path, options);
        var logits = expected.Score(TestModels.Tokens(), 64);
        Logits.AssertWithin(FusedBound * logits.Max(MathF.Abs), logits, fused.Score(TestModels.Tokens(), 64));
    }

    private static void AssertForms(string name, float bound, ActivationType activations)
    {
        var options = LoadedModel.Plain with { Activations = activations };
        using var expanded = LoadedModel.Open(name, options with { Mla = MlaForm.Expanded });
        using var absorbed = LoadedModel.Open(name, options with { Mla = MlaForm.Absorbed });
        Logits.AssertWithin(bound, absorbed.Score(TestModels.Tokens(), 64), expanded.Score(TestModels.Tokens(), 64));
    }

    // attn_k_b is [heads, latent, nope], attn_v_b [heads, value, latent]; attn_kv_b has the key rows before the value rows in every head.
    private static void WriteFused(GgufCheckpoint split, string path)
    {
        var writer = new GgufWriter();
        CopyMetadata(split.Metadata, writer);
        foreach (var tensor in split.Tensors.Values.Where(tensor => !tensor.Name.Contains("attn_k_b", StringComparison.Ordinal)))
        {
            if (!tensor.Name.Contains("attn_v_b", StringComparison.Ordinal))
            {
                writer.AddTensor(tensor.Name, tensor.DType, tensor.Shape, sink => sink(tensor.Bytes.Span(0, (int)tensor.Bytes.Length)));
                continue;
            }

            var keys = split.Tensors[tensor.Name.Replace("attn_v_b", "attn_k_b", StringComparison.Ordinal)];
            Assert.Equal(DType.F32, keys.DType);
            var (latent, nope, value) = ((int)keys.Shape[^2], (int)keys.Shape[^1], (int)tensor.Shape[^2]);
            var heads = (int)(keys.Count / latent / nope);
            var (k, v) = (Decode(keys), Decode(tensor));
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

            writer.AddTensor(
                tensor.Name.Replace("attn_v_b", "attn_kv_b", StringComparison.Ordinal),
                DType.F32,
                [heads * (nope + value), latent],
                sink => sink(System.Runtime.InteropServices.MemoryMarshal.AsBytes(fused.AsSpan())));
            Assert.True(heads > 1);
        }

        writer.Write(path);
    }

    // Arrays are the tokenizer's: no model needs them.
    private static void CopyMetadata(GgufMetadata metadata, GgufWriter writer)
    {
        foreach (var (key, _, _) in metadata.Describe())
        {
            Assert.True(metadata.TryGetType(key, out var type, out _));
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
