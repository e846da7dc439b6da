namespace Crescent.Tests.Reference.Tiny;

/// <summary>Tiny Baichuans. llama.cpp knows them by their layers alone: 32 rotate, 40 have ALiBi; six heads, so that slopes of both kinds are met.</summary>
internal static class TinyBaichuan
{
    private const int Hidden = 48;
    private const int Heads = 6;
    private const int HeadDim = Hidden / Heads;
    private const int Width = 64;
    private const double Epsilon = 1e-6;
    private const double RopeBase = 10000;

    /// <summary>The kind of Baichuan-7B.</summary>
    public static TinyModel Rotating { get; } = Make("tiny-baichuan-rope", new BaichuanReferenceConfig(32, Heads, Epsilon, Rotation.Plain(RopeBase, HeadDim, isInterleaved: false)));

    /// <summary>The kind of Baichuan-13B.</summary>
    public static TinyModel Alibi { get; } = Make("tiny-baichuan-alibi", new BaichuanReferenceConfig(40, Heads, Epsilon, Rotation: null));

    private static TinyModel Make(string name, BaichuanReferenceConfig config)
    {
        var tensors = Tensors(config.Layers);
        double[][] Logits(int[] tokens) => new BaichuanReference(config, tensors.Read).Logits(tokens);
        return new TinyModel(name, "baichuan", tensors, gguf => Fill(gguf, tensors.Read, config.Layers), Logits, Logits, 5e-5f);
    }

    private static RandomTensors Tensors(int layers)
    {
        var tensors = new RandomTensors().Matrix("model.embed_tokens.weight", [TinyGguf.Vocab, Hidden], 8).Norm("model.norm.weight", Hidden).Matrix("lm_head.weight", [TinyGguf.Vocab, Hidden], 3);
        for (var layer = 0; layer < layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            tensors.Norm(prefix + "input_layernorm.weight", Hidden).Norm(prefix + "post_attention_layernorm.weight", Hidden)
                .Matrix(prefix + "self_attn.W_pack.weight", [3 * Hidden, Hidden], 1.5).Matrix(prefix + "self_attn.o_proj.weight", [Hidden, Hidden])
                .Matrix(prefix + "mlp.gate_proj.weight", [Width, Hidden]).Matrix(prefix + "mlp.up_proj.weight", [Width, Hidden]).Matrix(prefix + "mlp.down_proj.weight", [Hidden, Width]);
        }

        return tensors;
    }

    private static void Fill(TinyGguf gguf, TensorReader read, int layers)
    {
        gguf.Set("block_count", layers);
        gguf.Set("embedding_length", Hidden);
        gguf.Set("feed_forward_length", Width);
        gguf.Set("attention.head_count", Heads);
        gguf.Set("attention.head_count_kv", Heads);
        gguf.Set("attention.layer_norm_rms_epsilon", Epsilon);
        gguf.Set("rope.dimension_count", HeadDim);
        gguf.Set("rope.freq_base", RopeBase);
        gguf.CopyEnds(Hidden);
        for (var layer = 0; layer < layers; layer++)
        {
            var (block, prefix) = ($"blk.{layer}.", $"model.layers.{layer}.");
            var packed = read(prefix + "self_attn.W_pack.weight").Chunk(Hidden * Hidden).ToArray();
            gguf.Copy(block + "attn_norm.weight", prefix + "input_layernorm.weight", Hidden);
            gguf.Add(block + "attn_q.weight", [Hidden, Hidden], TinyGguf.PairsAdjacent(packed[0], Hidden, HeadDim));
            gguf.Add(block + "attn_k.weight", [Hidden, Hidden], TinyGguf.PairsAdjacent(packed[1], Hidden, HeadDim));
            gguf.Add(block + "attn_v.weight", [Hidden, Hidden], packed[2]);
            gguf.Copy(block + "attn_output.weight", prefix + "self_attn.o_proj.weight", Hidden, Hidden);
            gguf.Copy(block + "ffn_norm.weight", prefix + "post_attention_layernorm.weight", Hidden);
            gguf.Copy(block + "ffn_gate.weight", prefix + "mlp.gate_proj.weight", Width, Hidden);
            gguf.Copy(block + "ffn_up.weight", prefix + "mlp.up_proj.weight", Width, Hidden);
            gguf.Copy(block + "ffn_down.weight", prefix + "mlp.down_proj.weight", Hidden, Width);
        }
    }
}
