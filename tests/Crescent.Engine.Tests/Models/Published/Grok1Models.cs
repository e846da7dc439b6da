using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;

namespace Crescent.Tests.Models.Published;

/// <summary>The tiny Grok-1, decoded, as its community publishes it: one safetensors tensor a matrix, [out, in], in three spellings.</summary>
internal static class Grok1Models
{
    private const int Layers = 11;
    private const int Experts = 4;

    // What the files of a layer are called, in the release's order; an expert's number goes where {0} is.
    private static readonly Spelling s_blockSparse = new(
        "model.embed_tokens.weight", "model.norm.weight", "model.layers.",
        [
            "block_sparse_moe.experts.{0}.w1.weight", "block_sparse_moe.experts.{0}.w2.weight", "block_sparse_moe.experts.{0}.w3.weight", "self_attn.k_proj.weight",
            "self_attn.o_proj.weight", "self_attn.q_proj.weight", "self_attn.v_proj.weight", "pre_attn_norm.weight", "post_attn_norm.weight", "pre_moe_norm.weight",
            "post_moe_norm.weight", "block_sparse_moe.gate.weight",
        ]);

    private static readonly Spelling s_moeBlock = new(
        "model.embed_tokens.weight", "model.norm.scale", "model.layers.",
        [
            "moe_block.experts.{0}.linear.weight", "moe_block.experts.{0}.linear_1.weight", "moe_block.experts.{0}.linear_v.weight", "attn.k_proj.weight",
            "attn.o_proj.weight", "attn.q_proj.weight", "attn.v_proj.weight", "pre_attn_norm.scale", "post_attn_norm.scale", "pre_moe_norm.scale", "post_moe_norm.scale",
            "moe_block.gate.weight",
        ]);

    private static readonly Spelling s_transformer = new(
        "transformer.in_out_embed.weight", "transformer.rms_norm.weight", "transformer.decoder_layer.",
        [
            "moe.{0}.linear.weight", "moe.{0}.linear_1.weight", "moe.{0}.linear_v.weight", "multi_head_attention.key.weight", "multi_head_attention.linear.weight",
            "multi_head_attention.query.weight", "multi_head_attention.value.weight", "rms_norm.weight", "rms_norm_1.weight", "rms_norm_2.weight", "rms_norm_3.weight",
            "router.weight",
        ]);

    public static PublishedModel BlockSparse { get; } = Of("grok-1-block-sparse", s_blockSparse);

    public static PublishedModel MoeBlock { get; } = Of("grok-1-moe-block", s_moeBlock);

    public static PublishedModel Transformer { get; } = Of("grok-1-transformer", s_transformer) with { FormOf = name => name.EndsWith("norm.weight", StringComparison.Ordinal) ? null : PublishedModel.Brain };

    private static string Config => $$"""
        {
          "architectures": ["Grok1ModelForCausalLM"], "attn_output_multiplier": 0.08838834764831845, "auto_map": {"AutoConfig": "configuration_grok1.Grok1Config"},
          "bos_token_id": 1, "embedding_multiplier_scale": 16.0, "eos_token_id": 2, "hidden_size": 256, "intermediate_size": 128, "max_attn_value": 30.0,
          "max_position_embeddings": 8192, "model_type": "grok-1", "num_attention_heads": 2, "num_experts": 4, "num_experts_per_tok": 2, "num_hidden_layers": 11,
          "num_key_value_heads": 1, "output_multiplier_scale": 0.5773502691896257, "output_router_logits": false, "pad_token_id": 0, "rms_norm_eps": 1e-05,
          "router_aux_loss_coef": 0.001, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.35.0", "use_cache": true, "vocab_size": 288
        }
        """;

    private static PublishedModel Of(string name, Spelling spelling)
    {
        var names = Names(spelling);
        return new PublishedModel(
            name,
            Config,
            names.ToDictionary(entry => entry.Key, entry => ShapeOf(entry.Value.File)),
            published => Value(names[published].File, names[published].Expert),
            read => new Grok1Reference(TinyGrok1.Config, file => Released(file, names, read)).Logits);
    }

    // Published names, with the release's file that each comes from and an expert's number.
    private static Dictionary<string, (string File, int Expert)> Names(Spelling spelling)
    {
        var names = new Dictionary<string, (string, int)> { [spelling.Embedding] = (Grok1Reference.EmbeddingName, -1), [spelling.Norm] = (Grok1Reference.FinalNormName, -1) };
        var reference = new Grok1Reference(TinyGrok1.Config, TinyGrok1.Read);
        for (var layer = 0; layer < Layers; layer++)
        {
            for (var tensor = 0; tensor < Grok1Reference.TensorsPerLayer; tensor++)
            {
                var (name, file) = ($"{spelling.Layers}{layer}.{spelling.Tensors[tensor]}", reference.NameOf(layer, tensor));
                for (var expert = 0; expert < (name.Contains("{0}", StringComparison.Ordinal) ? Experts : 1); expert++)
                {
                    names.Add(name.Replace("{0}", $"{expert}", StringComparison.Ordinal), (file, name.Contains("{0}", StringComparison.Ordinal) ? expert : -1));
                }
            }
        }

        return names;
    }

    private static int Number(string file) => int.Parse(file.AsSpan("tensor".Length, 5));

    // [out, in] of the release's [in, out]; the embedding is [vocab, hidden] in both.
    private static int[] ShapeOf(string file)
    {
        var (shape, _) = TinyGrok1.Sizes.Of(Number(file));
        return Number(file) < 2 || shape.Length == 1 ? shape : [shape[^1], shape[^2]];
    }

    private static double[] Value(string file, int expert)
    {
        var values = expert < 0 ? TinyGrok1.Read(file) : TensorReaders.Slice(TinyGrok1.Read(file), Experts, expert);
        return Number(file) < 2 || ShapeOf(file).Length == 1 ? values : TensorReaders.Transpose(values, ShapeOf(file)[0]);
    }

    private static double[] Released(string file, Dictionary<string, (string File, int Expert)> names, TensorReader read) =>
    [
        .. names.Where(entry => entry.Value.File == file).OrderBy(entry => entry.Value.Expert)
            .SelectMany(entry => Number(file) < 2 || ShapeOf(file).Length == 1 ? read(entry.Key) : TensorReaders.Transpose(read(entry.Key), ShapeOf(file)[1])),
    ];

    private sealed record Spelling(string Embedding, string Norm, string Layers, string[] Tensors);
}
