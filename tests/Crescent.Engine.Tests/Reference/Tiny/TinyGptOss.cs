namespace Crescent.Tests.Reference.Tiny;

/// <summary>A tiny gpt-oss: two sliding and two full layers, a window of 8, grouped heads wider than the hidden size, biases and sinks everywhere.</summary>
internal static class TinyGptOss
{
    private const int Layers = 4;
    private const int Hidden = 64;
    private const int Heads = 8;
    private const int KvHeads = 2;
    private const int HeadDim = 16;
    private const int Experts = 6;
    private const int TopK = 3;
    private const int Width = 32;
    private const int Window = 8;

    // llama.cpp rounds the ends of YaRN's ramp, gpt-oss does not. Here they are clamped, so that both are 0 and 15.
    private const double RopeBase = 5;
    private const double Factor = 32;
    private const int OriginalLength = 200;

    public static GptOssReferenceConfig Config { get; } = new(
        Layers, Heads, KvHeads, HeadDim, Experts, TopK, Rotation.Yarn(RopeBase, HeadDim, isInterleaved: false, Factor, OriginalLength, 32, 1, truncate: false))
    {
        SlidingWindow = Window,
    };

    public static TinyModel Model { get; } = Make();

    private static TinyModel Make()
    {
        var tensors = Tensors();
        double[][] Logits(int[] tokens) => new GptOssReference(Config, tensors.Read).Logits(tokens);
        // llama.cpp rounds angles to float32, here up to 71 radians: with the same rounding the reference is 2.1e-5 away.
        return new TinyModel("tiny-gpt-oss", "gpt-oss", tensors, Fill, Logits, Logits, 1e-4f);
    }

    private static RandomTensors Tensors()
    {
        var tensors = new RandomTensors().Matrix("model.embed_tokens.weight", [TinyGguf.Vocab, Hidden], 8).Norm("model.norm.weight", Hidden).Matrix("lm_head.weight", [TinyGguf.Vocab, Hidden], 3);
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            tensors.Norm(prefix + "input_layernorm.weight", Hidden).Norm(prefix + "post_attention_layernorm.weight", Hidden);
            foreach (var (name, rows, columns) in new[] { ("q", Heads * HeadDim, Hidden), ("k", KvHeads * HeadDim, Hidden), ("v", KvHeads * HeadDim, Hidden), ("o", Hidden, Heads * HeadDim) })
            {
                tensors.Matrix($"{prefix}self_attn.{name}_proj.weight", [rows, columns]).Values($"{prefix}self_attn.{name}_proj.bias", [rows], 0, 0.5);
            }

            tensors.Values(prefix + "self_attn.sinks", [Heads], 1, 2)
                .Matrix(prefix + "mlp.router.weight", [Experts, Hidden], 2).Values(prefix + "mlp.router.bias", [Experts], 0, 0.5)
                // Gains that reach the limits of the activation.
                .Matrix(prefix + "mlp.experts.gate_up_proj", [Experts, 2 * Width, Hidden], 5).Values(prefix + "mlp.experts.gate_up_proj_bias", [Experts, 2 * Width], 0, 1)
                .Matrix(prefix + "mlp.experts.down_proj", [Experts, Hidden, Width], 0.5).Values(prefix + "mlp.experts.down_proj_bias", [Experts, Hidden], 0, 0.5);
        }

        return tensors;
    }

    private static void Fill(TinyGguf gguf)
    {
        gguf.Set("block_count", Layers);
        gguf.Set("embedding_length", Hidden);
        gguf.Set("feed_forward_length", Width);
        gguf.Set("expert_feed_forward_length", Width);
        gguf.Set("attention.head_count", Heads);
        gguf.Set("attention.head_count_kv", KvHeads);
        gguf.Set("attention.key_length", HeadDim);
        gguf.Set("attention.value_length", HeadDim);
        gguf.Set("attention.layer_norm_rms_epsilon", Config.Epsilon);
        gguf.Set("attention.sliding_window", Window);
        gguf.Set("expert_count", Experts);
        gguf.Set("expert_used_count", TopK);
        gguf.Set("rope.freq_base", RopeBase);
        gguf.Writer.Set("gpt-oss.rope.scaling.type", "yarn");
        gguf.Set("rope.scaling.factor", Factor);
        gguf.Set("rope.scaling.original_context_length", OriginalLength);
        gguf.CopyEnds(Hidden);
        for (var layer = 0; layer < Layers; layer++)
        {
            FillLayer(gguf, $"blk.{layer}.", $"model.layers.{layer}.");
        }
    }

    private static void FillLayer(TinyGguf gguf, string block, string prefix)
    {
        gguf.Copy(block + "attn_norm.weight", prefix + "input_layernorm.weight", Hidden);
        gguf.Copy(block + "post_attention_norm.weight", prefix + "post_attention_layernorm.weight", Hidden);
        foreach (var (name, published, rows, columns) in new[]
        {
            ("attn_q", "self_attn.q_proj", Heads * HeadDim, Hidden), ("attn_k", "self_attn.k_proj", KvHeads * HeadDim, Hidden),
            ("attn_v", "self_attn.v_proj", KvHeads * HeadDim, Hidden), ("attn_output", "self_attn.o_proj", Hidden, Heads * HeadDim),
            ("ffn_gate_inp", "mlp.router", Experts, Hidden),
        })
        {
            gguf.Copy($"{block}{name}.weight", $"{prefix}{published}.weight", rows, columns);
            gguf.Copy($"{block}{name}.bias", $"{prefix}{published}.bias", rows);
        }

        gguf.Copy(block + "attn_sinks.weight", prefix + "self_attn.sinks", Heads);
        gguf.Copy(block + "ffn_down_exps.weight", prefix + "mlp.experts.down_proj", Experts, Hidden, Width);
        gguf.Copy(block + "ffn_down_exps.bias", prefix + "mlp.experts.down_proj_bias", Experts, Hidden);
        var (rowsOf, bias) = (Model.Tensors.Read(prefix + "mlp.experts.gate_up_proj").Chunk(Hidden).ToArray(), Model.Tensors.Read(prefix + "mlp.experts.gate_up_proj_bias"));
        foreach (var (name, parity) in new[] { ("ffn_gate_exps", 0), ("ffn_up_exps", 1) })
        {
            gguf.Add($"{block}{name}.weight", [Experts, Width, Hidden], [.. rowsOf.Where((_, row) => row % 2 == parity).SelectMany(row => row)]);
            gguf.Add($"{block}{name}.bias", [Experts, Width], [.. bias.Where((_, row) => row % 2 == parity)]);
        }
    }
}
