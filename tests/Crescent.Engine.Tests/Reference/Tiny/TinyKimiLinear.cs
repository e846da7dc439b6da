namespace Crescent.Tests.Reference.Tiny;

/// <summary>A tiny Kimi-Linear: delta attention in layers 1, 2 and 4, latent attention in 3 and 5, a dense layer first.</summary>
internal static class TinyKimiLinear
{
    private const int Layers = 5;
    private const int Hidden = 64;
    private const int Heads = 3;
    private const int DeltaDim = 32;
    private const int Taps = 4;
    private const int Latent = 32;
    private const int Nope = 16;
    private const int Rope = 8;
    private const int Value = 12;
    private const int DenseWidth = 80;
    private const int Experts = 8;
    private const int TopK = 3;
    private const int Width = 24;
    private const double Scale = 2.446;

    // The same as the epsilon of the lengths of queries and keys, which llama.cpp takes from the model's norms.
    private const double Epsilon = 1e-6;

    public static KimiLinearReferenceConfig Config { get; } = new(
        Layers, 1, [3, 5], Epsilon, new LatentAttentionConfig(Heads, Latent, Nope, Rope, Value, Epsilon, Rotation: null), new DeltaAttentionConfig(Heads, DeltaDim, Epsilon),
        new ExpertRouter(TopK, Scale));

    public static TinyModel Model { get; } = Make();

    private static TinyModel Make()
    {
        var tensors = Tensors();
        double[][] Logits(int[] tokens) => new KimiLinearReference(Config, tensors.Read).Logits(tokens);
        return new TinyModel("reference-kimi-linear", "kimi-linear", tensors, Fill, Logits, Logits, 5e-5f);
    }

    private static RandomTensors Tensors()
    {
        var tensors = new RandomTensors().Matrix("model.embed_tokens.weight", [TinyGguf.Vocab, Hidden], 8).Norm("model.norm.weight", Hidden).Matrix("lm_head.weight", [TinyGguf.Vocab, Hidden], 3);
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            tensors.Norm(prefix + "input_layernorm.weight", Hidden).Norm(prefix + "post_attention_layernorm.weight", Hidden);
            AddAttention(tensors, prefix + "self_attn.", Config.FullAttentionLayers.Contains(layer + 1));
            AddFeedForward(tensors, prefix, layer == 0);
        }

        return tensors;
    }

    private static void AddAttention(RandomTensors tensors, string prefix, bool isLatent)
    {
        if (isLatent)
        {
            tensors.Matrix(prefix + "q_proj.weight", [Heads * (Nope + Rope), Hidden], 2).Matrix(prefix + "kv_a_proj_with_mqa.weight", [Latent + Rope, Hidden])
                .Norm(prefix + "kv_a_layernorm.weight", Latent).Matrix(prefix + "kv_b_proj.weight", [Heads * (Nope + Value), Latent]).Matrix(prefix + "o_proj.weight", [Hidden, Heads * Value]);
            return;
        }

        const int Channels = Heads * DeltaDim;
        foreach (var name in new[] { "q", "k", "v" })
        {
            tensors.Matrix($"{prefix}{name}_proj.weight", [Channels, Hidden]).Values($"{prefix}{name}_conv1d.weight", [Channels, 1, Taps], 0.2, 0.8);
        }

        tensors.Values(prefix + "A_log", [1, 1, Heads, 1], 0.7, 0.7).Values(prefix + "dt_bias", [Channels], -3, 1.5)
            .Matrix(prefix + "f_a_proj.weight", [DeltaDim, Hidden]).Matrix(prefix + "f_b_proj.weight", [Channels, DeltaDim])
            .Matrix(prefix + "b_proj.weight", [Heads, Hidden])
            .Matrix(prefix + "g_a_proj.weight", [DeltaDim, Hidden]).Matrix(prefix + "g_b_proj.weight", [Channels, DeltaDim])
            .Norm(prefix + "o_norm.weight", DeltaDim).Matrix(prefix + "o_proj.weight", [Hidden, Channels], 2);
    }

    private static void AddFeedForward(RandomTensors tensors, string prefix, bool isDense)
    {
        void AddGated(string part, string gate, string up, string down, int width) => tensors
            .Matrix($"{prefix}{part}.{gate}.weight", [width, Hidden]).Matrix($"{prefix}{part}.{up}.weight", [width, Hidden]).Matrix($"{prefix}{part}.{down}.weight", [Hidden, width]);
        if (isDense)
        {
            AddGated("mlp", "gate_proj", "up_proj", "down_proj", DenseWidth);
            return;
        }

        tensors.Matrix(prefix + "block_sparse_moe.gate.weight", [Experts, Hidden], 2).Values(prefix + "block_sparse_moe.gate.e_score_correction_bias", [Experts], 0, 0.3);
        AddGated("block_sparse_moe.shared_experts", "gate_proj", "up_proj", "down_proj", Width);
        for (var expert = 0; expert < Experts; expert++)
        {
            AddGated($"block_sparse_moe.experts.{expert}", "w1", "w3", "w2", Width);
        }
    }

    private static void Fill(TinyGguf gguf)
    {
        gguf.Set("block_count", Layers);
        gguf.Set("embedding_length", Hidden);
        gguf.Set("feed_forward_length", DenseWidth);
        gguf.Set("attention.head_count", Heads);
        gguf.Writer.Set("kimi-linear.attention.head_count_kv", Enumerable.Range(1, Layers).Select(layer => Config.FullAttentionLayers.Contains(layer) ? 1 : 0).ToArray());
        gguf.Set("attention.layer_norm_rms_epsilon", Epsilon);
        gguf.Set("attention.kv_lora_rank", Latent);
        gguf.Set("attention.key_length", Latent + Rope);
        gguf.Set("attention.value_length", Latent);
        gguf.Set("attention.key_length_mla", Nope + Rope);
        gguf.Set("attention.value_length_mla", Value);
        gguf.Set("rope.dimension_count", Rope);
        gguf.Set("rope.freq_base", 10000.0);
        gguf.Set("ssm.conv_kernel", Taps);
        gguf.Set("kda.head_dim", DeltaDim);
        gguf.Set("expert_count", Experts);
        gguf.Set("expert_used_count", TopK);
        gguf.Set("expert_shared_count", 1);
        gguf.Set("expert_feed_forward_length", Width);
        gguf.Set("expert_weights_scale", Scale);
        gguf.Set("expert_weights_norm", true);
        gguf.Set("expert_gating_func", 2);
        gguf.Set("leading_dense_block_count", 1);
        gguf.CopyEnds(Hidden);
        for (var layer = 0; layer < Layers; layer++)
        {
            var (block, prefix) = ($"blk.{layer}.", $"model.layers.{layer}.");
            gguf.Copy(block + "attn_norm.weight", prefix + "input_layernorm.weight", Hidden);
            gguf.Copy(block + "ffn_norm.weight", prefix + "post_attention_layernorm.weight", Hidden);
            if (Config.FullAttentionLayers.Contains(layer + 1))
            {
                FillLatent(gguf, block, prefix + "self_attn.");
            }
            else
            {
                FillDelta(gguf, block, prefix + "self_attn.");
            }

            FillFeedForward(gguf, block, prefix, layer == 0);
        }
    }

    private static void FillLatent(TinyGguf gguf, string block, string prefix)
    {
        gguf.Copy(block + "attn_q.weight", prefix + "q_proj.weight", Heads * (Nope + Rope), Hidden);
        gguf.Copy(block + "attn_kv_a_mqa.weight", prefix + "kv_a_proj_with_mqa.weight", Latent + Rope, Hidden);
        gguf.Copy(block + "attn_kv_a_norm.weight", prefix + "kv_a_layernorm.weight", Latent);
        gguf.Copy(block + "attn_output.weight", prefix + "o_proj.weight", Hidden, Heads * Value);
        // [heads, nope + value, latent]: keys transposed, values as they are.
        var heads = Model.Tensors.Read(prefix + "kv_b_proj.weight").Chunk((Nope + Value) * Latent).ToArray();
        gguf.Add(block + "attn_k_b.weight", [Heads, Latent, Nope], [.. heads.SelectMany(head => TensorReaders.Transpose(head[..(Nope * Latent)], Latent))]);
        gguf.Add(block + "attn_v_b.weight", [Heads, Value, Latent], [.. heads.SelectMany(head => head[(Nope * Latent)..])]);
    }

    private static void FillDelta(TinyGguf gguf, string block, string prefix)
    {
        const int Channels = Heads * DeltaDim;
        foreach (var name in new[] { "q", "k", "v" })
        {
            gguf.Copy($"{block}attn_{name}.weight", $"{prefix}{name}_proj.weight", Channels, Hidden);
            gguf.Copy($"{block}ssm_conv1d_{name}.weight", $"{prefix}{name}_conv1d.weight", 1, Channels, 1, Taps);
        }

        gguf.Add(block + "ssm_a", [1, 1, Heads, 1], [.. Model.Tensors.Read(prefix + "A_log").Select(value => -Math.Exp(value))]);
        gguf.Copy(block + "ssm_dt.bias", prefix + "dt_bias", Channels);
        gguf.Copy(block + "ssm_beta.weight", prefix + "b_proj.weight", Heads, Hidden);
        foreach (var name in new[] { "f", "g" })
        {
            gguf.Copy($"{block}ssm_{name}_a.weight", $"{prefix}{name}_a_proj.weight", DeltaDim, Hidden);
            gguf.Copy($"{block}ssm_{name}_b.weight", $"{prefix}{name}_b_proj.weight", Channels, DeltaDim);
        }

        gguf.Copy(block + "ssm_norm.weight", prefix + "o_norm.weight", DeltaDim);
        gguf.Copy(block + "attn_output.weight", prefix + "o_proj.weight", Hidden, Channels);
    }

    private static void FillFeedForward(TinyGguf gguf, string block, string prefix, bool isDense)
    {
        void CopyGated(string part, string suffix, int width)
        {
            gguf.Copy($"{block}ffn_gate{suffix}.weight", $"{prefix}{part}.gate_proj.weight", width, Hidden);
            gguf.Copy($"{block}ffn_up{suffix}.weight", $"{prefix}{part}.up_proj.weight", width, Hidden);
            gguf.Copy($"{block}ffn_down{suffix}.weight", $"{prefix}{part}.down_proj.weight", Hidden, width);
        }

        if (isDense)
        {
            CopyGated("mlp", "", DenseWidth);
            return;
        }

        CopyGated("block_sparse_moe.shared_experts", "_shexp", Width);
        gguf.Copy(block + "ffn_gate_inp.weight", prefix + "block_sparse_moe.gate.weight", Experts, Hidden);
        gguf.Copy(block + "exp_probs_b.bias", prefix + "block_sparse_moe.gate.e_score_correction_bias", Experts);
        gguf.Stack(block + "ffn_gate_exps.weight", Experts, expert => $"{prefix}block_sparse_moe.experts.{expert}.w1.weight", Width, Hidden);
        gguf.Stack(block + "ffn_up_exps.weight", Experts, expert => $"{prefix}block_sparse_moe.experts.{expert}.w3.weight", Width, Hidden);
        gguf.Stack(block + "ffn_down_exps.weight", Experts, expert => $"{prefix}block_sparse_moe.experts.{expert}.w2.weight", Hidden, Width);
    }
}
