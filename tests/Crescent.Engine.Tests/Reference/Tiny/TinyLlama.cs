namespace Crescent.Tests.Reference.Tiny;

/// <summary>Tiny models of the Llama kind, for what the golden models of the shared data leave out.</summary>
internal static class TinyLlama
{
    private const int Layers = 3;
    private const int Hidden = 64;
    private const int Heads = 6;
    private const int KvHeads = 3;
    private const int HeadDim = 16;
    private const int Width = 112;
    private const double Epsilon = 1e-5;

    public static LlamaReferenceConfig Llama31Config { get; } = new(Layers, Heads, KvHeads, HeadDim, Epsilon, Rotation.Llama3(10000, HeadDim, isInterleaved: false, 8, 1, 4, 256));

    public static LlamaReferenceConfig Qwen2Config { get; } =
        new(Layers, Hidden / HeadDim, 2, HeadDim, Epsilon, Rotation.Plain(10000, HeadDim, isInterleaved: false)) { HasQueryKeyValueBias = true, IsTied = true };

    public static LlamaReferenceConfig Qwen3Config { get; } =
        new(Layers, Heads, KvHeads, HeadDim, Epsilon, Rotation.Plain(10000, HeadDim, isInterleaved: false)) { HasQueryKeyNorms = true };

    /// <summary>Rotation scaled by wavelength, whose divisors GGUF holds as a tensor; heads wider in sum than the hidden size.</summary>
    public static TinyModel Llama31 { get; } = Make("tiny-llama-3.1", "llama", Llama31Config);

    /// <summary>Biases of queries, keys and values; the embedding is the head.</summary>
    public static TinyModel Qwen2 { get; } = Make("tiny-qwen-2", "qwen2", Qwen2Config);

    /// <summary>Norms of queries and keys before a dense feed-forward.</summary>
    public static TinyModel Qwen3 { get; } = Make("tiny-qwen-3", "qwen3", Qwen3Config);

    private static TinyModel Make(string name, string architecture, LlamaReferenceConfig config)
    {
        var tensors = Tensors(config);
        double[][] Logits(int[] tokens) => new LlamaReference(config, tensors.Read).Logits(tokens);
        return new TinyModel(name, architecture, tensors, gguf => Fill(gguf, architecture == "llama", config, tensors), Logits, Logits, 5e-5f);
    }

    private static RandomTensors Tensors(LlamaReferenceConfig config)
    {
        var tensors = new RandomTensors().Matrix("model.embed_tokens.weight", [TinyGguf.Vocab, Hidden], 3).Norm("model.norm.weight", Hidden);
        if (!config.IsTied)
        {
            tensors.Matrix("lm_head.weight", [TinyGguf.Vocab, Hidden], 3);
        }

        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            tensors.Norm(prefix + "input_layernorm.weight", Hidden).Norm(prefix + "post_attention_layernorm.weight", Hidden)
                .Matrix(prefix + "self_attn.o_proj.weight", [Hidden, config.Heads * HeadDim])
                .Matrix(prefix + "mlp.gate_proj.weight", [Width, Hidden]).Matrix(prefix + "mlp.up_proj.weight", [Width, Hidden]).Matrix(prefix + "mlp.down_proj.weight", [Hidden, Width]);
            foreach (var (name, heads) in Projections(config))
            {
                tensors.Matrix($"{prefix}self_attn.{name}_proj.weight", [heads * HeadDim, Hidden], 1.5);
                if (config.HasQueryKeyValueBias)
                {
                    tensors.Values($"{prefix}self_attn.{name}_proj.bias", [heads * HeadDim], 0, 0.5);
                }

                if (config.HasQueryKeyNorms && name != "v")
                {
                    tensors.Norm($"{prefix}self_attn.{name}_norm.weight", HeadDim);
                }
            }
        }

        return tensors;
    }

    private static (string Name, int Heads)[] Projections(LlamaReferenceConfig config) => [("q", config.Heads), ("k", config.KvHeads), ("v", config.KvHeads)];

    private static void Fill(TinyGguf gguf, bool isLlama, LlamaReferenceConfig config, RandomTensors tensors)
    {
        gguf.Set("block_count", Layers);
        gguf.Set("embedding_length", Hidden);
        gguf.Set("feed_forward_length", Width);
        gguf.Set("attention.head_count", config.Heads);
        gguf.Set("attention.head_count_kv", config.KvHeads);
        gguf.Set("attention.key_length", HeadDim);
        gguf.Set("attention.value_length", HeadDim);
        gguf.Set("attention.layer_norm_rms_epsilon", Epsilon);
        gguf.Set("rope.dimension_count", HeadDim);
        gguf.Set("rope.freq_base", 10000.0);
        gguf.Copy("token_embd.weight", "model.embed_tokens.weight", TinyGguf.Vocab, Hidden);
        gguf.Copy("output_norm.weight", "model.norm.weight", Hidden);
        if (!config.IsTied)
        {
            gguf.Copy("output.weight", "lm_head.weight", TinyGguf.Vocab, Hidden);
        }

        if (isLlama)
        {
            var plain = Rotation.Plain(10000, HeadDim, isInterleaved: false).Frequencies;
            gguf.Add("rope_freqs.weight", [HeadDim / 2], [.. plain.Zip(config.Rotation.Frequencies, (frequency, scaled) => frequency / scaled)]);
        }

        for (var layer = 0; layer < Layers; layer++)
        {
            FillLayer(gguf, isLlama, config, tensors, $"blk.{layer}.", $"model.layers.{layer}.");
        }
    }

    private static void FillLayer(TinyGguf gguf, bool isLlama, LlamaReferenceConfig config, RandomTensors tensors, string block, string prefix)
    {
        gguf.Copy(block + "attn_norm.weight", prefix + "input_layernorm.weight", Hidden);
        foreach (var (name, heads) in Projections(config))
        {
            var weights = tensors.Read($"{prefix}self_attn.{name}_proj.weight");
            gguf.Add($"{block}attn_{name}.weight", [heads * HeadDim, Hidden], isLlama && name != "v" ? TinyGguf.PairsAdjacent(weights, Hidden, HeadDim) : weights);
            if (config.HasQueryKeyValueBias)
            {
                gguf.Copy($"{block}attn_{name}.bias", $"{prefix}self_attn.{name}_proj.bias", heads * HeadDim);
            }

            if (config.HasQueryKeyNorms && name != "v")
            {
                gguf.Copy($"{block}attn_{name}_norm.weight", $"{prefix}self_attn.{name}_norm.weight", HeadDim);
            }
        }

        gguf.Copy(block + "attn_output.weight", prefix + "self_attn.o_proj.weight", Hidden, config.Heads * HeadDim);
        gguf.Copy(block + "ffn_norm.weight", prefix + "post_attention_layernorm.weight", Hidden);
        gguf.Copy(block + "ffn_gate.weight", prefix + "mlp.gate_proj.weight", Width, Hidden);
        gguf.Copy(block + "ffn_up.weight", prefix + "mlp.up_proj.weight", Width, Hidden);
        gguf.Copy(block + "ffn_down.weight", prefix + "mlp.down_proj.weight", Hidden, Width);
    }
}
