using Crescent.Engine.Checkpoints;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Conversion;

/// <summary>Rows that a written file has otherwise than the published one, beyond what the golden models show.</summary>
public sealed class PublishedRowsTests
{
    private const float Bound = 2e-4f;
    private static readonly int[] s_tokens = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 288)];

    [Fact]
    public void Biases_of_Llama_follow_their_rows()
    {
        using var published = Llama(vocab: 288, bias: true).Write(
            """
            { "model_type": "llama", "num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5,
              "vocab_size": 288, "max_position_embeddings": 128, "rope_theta": 10000, "attention_bias": true }
            """);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        using var source = Checkpoint.Open(published.Path);
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        float[] before = Conversions.Decode(source, "blk.1.attn_k.bias"), after = Conversions.Decode(converted, "blk.1.attn_k.bias");

        // Heads of 8: 0, 4, 1, 5, 2, 6, 3, 7.
        Assert.Equal(before.Chunk(8).SelectMany(head => (float[])[head[0], head[4], head[1], head[5], head[2], head[6], head[3], head[7]]), after);
        Logits.AssertWithin(Bound, Conversions.Score(source.Path, s_tokens), Conversions.Score(converted.Path, s_tokens));
    }

    [Fact]
    public void The_head_of_Baichuan_2_is_normalised_in_the_file()
    {
        const int Vocab = 125696; // by which Baichuan 2 is known
        using var published = Llama(Vocab, bias: false, packed: true).Write(
            """
            { "model_type": "baichuan", "num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4, "rms_norm_eps": 1e-6,
              "vocab_size": 125696, "max_position_embeddings": 128 }
            """);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        Assert.DoesNotContain(converted.Metadata.Keys, key => key.EndsWith("normalize_head", StringComparison.Ordinal));
        Assert.All(Conversions.Decode(converted, "output.weight").Chunk(32).Take(1000), row => Assert.Equal(1, Math.Sqrt(row.Sum(value => (double)value * value)), 1e-6));
        int[] tokens = [1, 2, 3, 4];
        Logits.AssertWithin(Bound, Conversions.Score(published.Path, tokens), Conversions.Score(converted.Path, tokens));
    }

    // Hidden 32, four heads of 8, two layers.
    private static PublishedFolder Llama(int vocab, bool bias, bool packed = false)
    {
        var random = new Random(3);
        float[] Values(int count, float center = 0, float spread = 0.4f) => [.. Enumerable.Range(0, count).Select(_ => center + (spread * ((2 * random.NextSingle()) - 1)))];
        var folder = new PublishedFolder().Add("model.embed_tokens.weight", [vocab, 32], Values(vocab * 32)).Add("model.norm.weight", [32], Values(32, 1)).Add("lm_head.weight", [vocab, 32], Values(vocab * 32));
        for (var layer = 0; layer < 2; layer++)
        {
            var name = $"model.layers.{layer}";
            folder.Add($"{name}.input_layernorm.weight", [32], Values(32, 1)).Add($"{name}.post_attention_layernorm.weight", [32], Values(32, 1))
                .Add($"{name}.mlp.gate_proj.weight", [48, 32], Values(1536)).Add($"{name}.mlp.up_proj.weight", [48, 32], Values(1536)).Add($"{name}.mlp.down_proj.weight", [32, 48], Values(1536));
            if (packed)
            {
                folder.Add($"{name}.self_attn.W_pack.weight", [96, 32], Values(3072)).Add($"{name}.self_attn.o_proj.weight", [32, 32], Values(1024));
                continue;
            }

            foreach (var (projection, rows) in ((string, int)[])[("q", 32), ("k", 16), ("v", 16), ("o", 32)])
            {
                folder.Add($"{name}.self_attn.{projection}_proj.weight", [rows, 32], Values(rows * 32));
                if (bias)
                {
                    folder.Add($"{name}.self_attn.{projection}_proj.bias", [rows], Values(rows));
                }
            }
        }

        return folder;
    }
}
