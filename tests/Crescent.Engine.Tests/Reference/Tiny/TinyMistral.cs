namespace Crescent.Tests.Reference.Tiny;

/// <summary>A tiny Mistral whose window slides, under GGUF's llama, whose rows are taken as permuted: neighbours are pairs. llama.cpp knows no window there, so it has no golden logits.</summary>
internal static class TinyMistral
{
    private const int Layers = 3;
    private const int Hidden = 64;
    private const int Heads = 4;
    private const int KvHeads = 2;
    private const int HeadDim = 16;
    private const int Width = 96;
    private const double Epsilon = 1e-6;
    private const double RopeBase = 10000;

    /// <summary>Keys that a query sees.</summary>
    public const int Window = 11;

    public static TinyModel Model { get; } = Make("tiny-mistral", "llama", Config() with { SlidingWindow = Window });

    private static LlamaReferenceConfig Config() => new(Layers, Heads, KvHeads, HeadDim, Epsilon, Rotation.Plain(RopeBase, HeadDim, isInterleaved: true));

    /// <summary>The same weights with another configuration.</summary>
    public static Func<int[], double[][]> ReferenceOf(LlamaReferenceConfig config) => tokens => new LlamaReference(config, Model.Tensors.Read).Logits(tokens);

    /// <summary>The configuration with another rotation.</summary>
    public static LlamaReferenceConfig ConfigWith(Rotation rotation) => Config() with { SlidingWindow = Window, Rotation = rotation };

    private static TinyModel Make(string name, string architecture, LlamaReferenceConfig config)
    {
        var tensors = Tensors(config);
        double[][] Logits(int[] tokens) => new LlamaReference(config, tensors.Read).Logits(tokens);
        return new TinyModel(name, architecture, tensors, gguf => Fill(gguf, config), Logits, Logits, 5e-5f);
    }

    private static IEnumerable<(string Gguf, string Published, int Rows, int Columns)> Matrices(int headDim) =>
    [
        ("attn_q", "self_attn.q_proj", Heads * headDim, Hidden), ("attn_k", "self_attn.k_proj", KvHeads * headDim, Hidden),
        ("attn_v", "self_attn.v_proj", KvHeads * headDim, Hidden), ("attn_output", "self_attn.o_proj", Hidden, Heads * headDim),
        ("ffn_gate", "mlp.gate_proj", Width, Hidden), ("ffn_up", "mlp.up_proj", Width, Hidden), ("ffn_down", "mlp.down_proj", Hidden, Width),
    ];

    private static RandomTensors Tensors(LlamaReferenceConfig config)
    {
        var tensors = new RandomTensors().Matrix("model.embed_tokens.weight", [TinyGguf.Vocab, Hidden], 4).Norm("model.norm.weight", Hidden);
        tensors.Matrix("lm_head.weight", [TinyGguf.Vocab, Hidden], 3);

        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            tensors.Norm(prefix + "input_layernorm.weight", Hidden).Norm(prefix + "post_attention_layernorm.weight", Hidden);
            foreach (var (_, published, rows, columns) in Matrices(config.HeadDim))
            {
                tensors.Matrix($"{prefix}{published}.weight", [rows, columns], 1.5);
            }

        }

        return tensors;
    }

    private static void Fill(TinyGguf gguf, LlamaReferenceConfig config)
    {
        gguf.Set("block_count", config.Layers);
        gguf.Set("embedding_length", Hidden);
        gguf.Set("feed_forward_length", Width);
        gguf.Set("attention.head_count", Heads);
        gguf.Set("attention.head_count_kv", KvHeads);
        gguf.Set("attention.key_length", config.HeadDim);
        gguf.Set("attention.value_length", config.HeadDim);
        gguf.Set("attention.layer_norm_rms_epsilon", config.Epsilon);
        gguf.Set("rope.dimension_count", config.HeadDim);
        gguf.Set("rope.freq_base", RopeBase);
        gguf.Set("attention.sliding_window", config.SlidingWindow);

        gguf.Copy("token_embd.weight", "model.embed_tokens.weight", TinyGguf.Vocab, Hidden);
        gguf.Copy("output_norm.weight", "model.norm.weight", Hidden);
        gguf.Copy("output.weight", "lm_head.weight", TinyGguf.Vocab, Hidden);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            FillLayer(gguf, $"blk.{layer}.", $"model.layers.{layer}.");
        }
    }

    private static void FillLayer(TinyGguf gguf, string block, string prefix)
    {
        gguf.Copy(block + "attn_norm.weight", prefix + "input_layernorm.weight", Hidden);
        gguf.Copy(block + "ffn_norm.weight", prefix + "post_attention_layernorm.weight", Hidden);
        foreach (var (name, published, rows, columns) in Matrices(HeadDim))
        {
            gguf.Copy($"{block}{name}.weight", $"{prefix}{published}.weight", rows, columns);
        }

    }
}
