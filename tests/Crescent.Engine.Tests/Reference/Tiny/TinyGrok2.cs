namespace Crescent.Tests.Reference.Tiny;

/// <summary>A tiny Grok-2: dense branch beside the experts, final cap, YaRN as llama.cpp reads its configuration.</summary>
internal static class TinyGrok2
{
    private const int Layers = 3;
    private const int Hidden = 64;
    private const int Heads = 4;
    private const int KvHeads = 2;
    private const int HeadDim = 16;
    private const int Experts = 8;
    private const int TopK = 2;
    private const int Width = 48;
    private const int DenseWidth = 96;
    private const double RopeBase = 10000;
    private const double Factor = 16;
    private const int OriginalLength = 8192;
    private const double FinalCap = 5;

    /// <summary>As published.</summary>
    public static Grok2ReferenceConfig Config { get; } = new(Layers, Heads, KvHeads, HeadDim, Experts)
    {
        Rotation = Rotation.Yarn(RopeBase, HeadDim, isInterleaved: false, Factor, OriginalLength, 8, 1),
        EmbeddingMultiplier = Math.Sqrt(Hidden),
        FinalCap = FinalCap,
    };

    /// <summary>llama.cpp makes the gates sum to 1, has no cap on the router, no temperature, and a GELU from a table of half-precision values.</summary>
    public static Grok2ReferenceConfig LlamaCppConfig { get; } = Config with
    {
        RouterCap = 0,
        Renormalizes = true,
        TemperatureLength = 0,
        Gelu = x => (double)(Half)Vectors.Gelu((double)(Half)x),
    };

    public static TinyModel Model { get; } = Make();

    private static TinyModel Make()
    {
        var tensors = Tensors();
        return new TinyModel(
            "tiny-grok-2", "grok", tensors, Fill, tokens => new Grok2Reference(Config, tensors.Read).Logits(tokens), tokens => new Grok2Reference(LlamaCppConfig, tensors.Read).Logits(tokens), 8e-4f);
    }

    private static RandomTensors Tensors()
    {
        var tensors = new RandomTensors().Matrix("model.embed_tokens.weight", [TinyGguf.Vocab, Hidden], 4).Norm("model.norm.weight", Hidden).Matrix("lm_head.weight", [TinyGguf.Vocab, Hidden], 6);
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            foreach (var norm in new[] { "pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm" })
            {
                tensors.Norm($"{prefix}{norm}.weight", Hidden);
            }

            tensors.Matrix(prefix + "self_attn.q_proj.weight", [Heads * HeadDim, Hidden], 2).Matrix(prefix + "self_attn.k_proj.weight", [KvHeads * HeadDim, Hidden], 2)
                .Matrix(prefix + "self_attn.v_proj.weight", [KvHeads * HeadDim, Hidden]).Matrix(prefix + "self_attn.o_proj.weight", [Hidden, Heads * HeadDim])
                .Matrix(prefix + "mlp.gate_proj.weight", [DenseWidth, Hidden]).Matrix(prefix + "mlp.up_proj.weight", [DenseWidth, Hidden]).Matrix(prefix + "mlp.down_proj.weight", [Hidden, DenseWidth])
                .Matrix(prefix + "block_sparse_moe.gate.weight", [Experts, Hidden], 2);
            for (var expert = 0; expert < Experts; expert++)
            {
                var name = $"{prefix}block_sparse_moe.experts.{expert}.";
                tensors.Matrix(name + "w1.weight", [Width, Hidden]).Matrix(name + "w3.weight", [Width, Hidden]).Matrix(name + "w2.weight", [Hidden, Width]);
            }
        }

        return tensors;
    }

    private static void Fill(TinyGguf gguf)
    {
        gguf.Set("block_count", Layers);
        gguf.Set("embedding_length", Hidden);
        gguf.Set("feed_forward_length", DenseWidth);
        gguf.Set("expert_feed_forward_length", Width);
        gguf.Set("attention.head_count", Heads);
        gguf.Set("attention.head_count_kv", KvHeads);
        gguf.Set("attention.key_length", HeadDim);
        gguf.Set("attention.value_length", HeadDim);
        gguf.Set("attention.layer_norm_rms_epsilon", Config.Epsilon);
        gguf.Set("expert_count", Experts);
        gguf.Set("expert_used_count", TopK);
        gguf.Set("rope.dimension_count", HeadDim);
        gguf.Set("rope.freq_base", RopeBase);
        gguf.Writer.Set("grok.rope.scaling.type", "yarn");
        gguf.Set("rope.scaling.factor", Factor);
        gguf.Set("rope.scaling.original_context_length", OriginalLength);
        gguf.Set("rope.scaling.yarn_ext_factor", 1.0);
        gguf.Set("rope.scaling.yarn_attn_factor", 1.0);
        gguf.Set("rope.scaling.yarn_beta_fast", 8.0);
        gguf.Set("rope.scaling.yarn_beta_slow", 1.0);
        gguf.Set("embedding_scale", Config.EmbeddingMultiplier);
        gguf.Set("logit_scale", Config.OutputMultiplier);
        gguf.Set("attention.output_scale", Config.AttentionMultiplier);
        gguf.Set("attn_logit_softcapping", Config.AttentionCap);
        gguf.Set("router_logit_softcapping", Config.RouterCap);
        gguf.Set("final_logit_softcapping", Config.FinalCap);
        gguf.Set("attention.temperature_length", Config.TemperatureLength);
        gguf.CopyEnds(Hidden);
        for (var layer = 0; layer < Layers; layer++)
        {
            FillLayer(gguf, $"blk.{layer}.", $"model.layers.{layer}.");
        }
    }

    private static void FillLayer(TinyGguf gguf, string block, string prefix)
    {
        gguf.Copy(block + "attn_norm.weight", prefix + "pre_attn_norm.weight", Hidden);
        gguf.Copy(block + "attn_q.weight", prefix + "self_attn.q_proj.weight", Heads * HeadDim, Hidden);
        gguf.Copy(block + "attn_k.weight", prefix + "self_attn.k_proj.weight", KvHeads * HeadDim, Hidden);
        gguf.Copy(block + "attn_v.weight", prefix + "self_attn.v_proj.weight", KvHeads * HeadDim, Hidden);
        gguf.Copy(block + "attn_output.weight", prefix + "self_attn.o_proj.weight", Hidden, Heads * HeadDim);
        gguf.Copy(block + "attn_output_norm.weight", prefix + "post_attn_norm.weight", Hidden);
        gguf.Copy(block + "ffn_norm.weight", prefix + "pre_moe_norm.weight", Hidden);
        gguf.Copy(block + "post_ffw_norm.weight", prefix + "post_moe_norm.weight", Hidden);
        gguf.Copy(block + "ffn_gate.weight", prefix + "mlp.gate_proj.weight", DenseWidth, Hidden);
        gguf.Copy(block + "ffn_up.weight", prefix + "mlp.up_proj.weight", DenseWidth, Hidden);
        gguf.Copy(block + "ffn_down.weight", prefix + "mlp.down_proj.weight", Hidden, DenseWidth);
        gguf.Copy(block + "ffn_gate_inp.weight", prefix + "block_sparse_moe.gate.weight", Experts, Hidden);
        gguf.Stack(block + "ffn_gate_exps.weight", Experts, expert => $"{prefix}block_sparse_moe.experts.{expert}.w1.weight", Width, Hidden);
        gguf.Stack(block + "ffn_up_exps.weight", Experts, expert => $"{prefix}block_sparse_moe.experts.{expert}.w3.weight", Width, Hidden);
        gguf.Stack(block + "ffn_down_exps.weight", Experts, expert => $"{prefix}block_sparse_moe.experts.{expert}.w2.weight", Hidden, Width);
    }
}
