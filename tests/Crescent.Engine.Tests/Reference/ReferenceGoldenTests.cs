using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Reference;

/// <summary>
/// The references against logits from elsewhere (bounds: the golden models' PROVENANCE.md, those that it gives for careful arithmetic): what proves
/// the references.
/// </summary>
public sealed class ReferenceGoldenTests
{
    private const float FloatBound = 5e-5f;
    private const float GrokBound = 5e-3f; // llama.cpp's GELU goes through a half-precision table
    private const float GrokRoundedBound = 8e-4f; // the reference rounds likewise
    private const float DecodedBound = 1e-5f; // both sides are in doubles, over the same decoded weights

    [Theory]
    [InlineData("g-llama", "logits", FloatBound)]
    [InlineData("g-qwen3moe", "logits", FloatBound)]
    [InlineData("g-llama-tied-q", "float", DecodedBound)]
    [InlineData("g-qwen3moe-q", "float", DecodedBound)]
    public void The_llama_reference_gives_the_golden_logits(string name, string kind, float bound)
    {
        using var tensors = new GgufTensors(TestModels.PathOf(name));
        Compare(name, kind, bound, new LlamaReference(LlamaConfig(tensors.Metadata), tensors.ReadHuggingFace).Logits);
    }

    [Theory]
    [InlineData("g-kimi-k2", "logits", FloatBound)]
    [InlineData("g-kimi-k2-legacy-kvb", "logits", FloatBound)]
    [InlineData("g-moonlight", "logits", FloatBound)]
    [InlineData("g-deepseek-v3", "logits", FloatBound)]
    [InlineData("g-deepseek-v2-lite", "logits", FloatBound)]
    [InlineData("g-kimi-k2-q4_0", "float", DecodedBound)]
    public void The_DeepSeek_reference_gives_the_golden_logits(string name, string kind, float bound)
    {
        using var tensors = new GgufTensors(TestModels.PathOf(name));
        Compare(name, kind, bound, new DeepSeekReference(DeepSeekConfig(tensors.Metadata), tensors.ReadHuggingFace).Logits);
    }

    [Fact]
    public void The_Grok_1_reference_gives_the_golden_logits_as_released()
    {
        using var tensors = new GgufTensors(TestModels.PathOf("g-grok"));
        var config = GrokConfig(tensors.Metadata);
        Compare("g-grok", "logits", GrokBound, new Grok1Reference(config, name => tensors.ReadGrok(name, config.Layers)).Logits);
    }

    [Fact]
    public void The_Grok_1_reference_with_the_roundings_of_llama_cpp_comes_closer()
    {
        using var tensors = new GgufTensors(TestModels.PathOf("g-grok"));
        var config = GrokConfig(tensors.Metadata) with { Renormalizes = true, Gelu = x => (double)(Half)Vectors.Gelu((double)(Half)x) };
        Compare("g-grok", "logits", GrokRoundedBound, new Grok1Reference(config, name => tensors.ReadGrok(name, config.Layers)).Logits);
    }

    [Fact]
    public void Grok_1s_layers_come_in_the_order_of_their_names_as_strings()
    {
        var order = Grok1Reference.LayerOrder(64);
        Assert.Equal([0, 1, 10, 11], order[..4]);
        Assert.Equal((2, 20, 3, 39, 59, 6, 60, 63, 7, 9), (order[12], order[13], order[23], order[33], order[55], order[56], order[57], order[60], order[61], order[63]));
    }

    private static void Compare(string name, string kind, float bound, Func<int[], double[][]> logits) =>
        Logits.AssertWithin(bound, TestModels.Floats("golden-models", $"{name}.{kind}.f32"), [.. logits(TestModels.Tokens()).SelectMany(row => row).Select(value => (float)value)]);

    internal static LlamaReferenceConfig LlamaConfig(GgufMetadata metadata)
    {
        var prefix = metadata.GetString("general.architecture") + ".";
        var isLlama = prefix == "llama.";
        var headDim = metadata.GetInt32(prefix + "attention.key_length");
        return new LlamaReferenceConfig(
            metadata.GetInt32(prefix + "block_count"), metadata.GetInt32(prefix + "attention.head_count"), metadata.GetInt32(prefix + "attention.head_count_kv"),
            headDim, metadata.GetSingle(prefix + "attention.layer_norm_rms_epsilon"), Rotation.Plain(metadata.GetSingle(prefix + "rope.freq_base"), headDim, isLlama))
        {
            HasQueryKeyNorms = !isLlama,
            IsTied = metadata.GetString("general.name").Contains("tied", StringComparison.Ordinal),
            Experts = isLlama ? 0 : metadata.GetInt32(prefix + "expert_count"),
            TopK = isLlama ? 0 : metadata.GetInt32(prefix + "expert_used_count"),
        };
    }

    internal static DeepSeekReferenceConfig DeepSeekConfig(GgufMetadata metadata)
    {
        int Int(string key, int absent = 0) => metadata.TryGetInt32("deepseek2." + key, out var value) ? value : absent;
        var (theta, ropeDim) = (metadata.GetSingle("deepseek2.rope.freq_base"), Int("rope.dimension_count"));
        var (rotation, gain) = (Rotation.Plain(theta, ropeDim, isInterleaved: true), 1.0);
        if (metadata.TryGetSingle("deepseek2.rope.scaling.factor", out var factor))
        {
            var fast = metadata.TryGetSingle("deepseek2.rope.scaling.yarn_beta_fast", out var storedFast) ? storedFast : 32;
            var slow = metadata.TryGetSingle("deepseek2.rope.scaling.yarn_beta_slow", out var storedSlow) ? storedSlow : 1;
            (rotation, gain) = DeepSeekReferenceConfig.Yarn(theta, ropeDim, factor, Int("rope.scaling.original_context_length"), fast, slow, 1, 1);
        }

        var epsilon = metadata.GetSingle("deepseek2.attention.layer_norm_rms_epsilon");
        var nopeDim = Int("attention.key_length_mla", Int("attention.key_length")) - ropeDim;
        var attention = new LatentAttentionConfig(
            Int("attention.head_count"), Int("attention.kv_lora_rank"), nopeDim, ropeDim, Int("attention.value_length_mla", Int("attention.value_length")),
            epsilon, rotation, gain)
        {
            CompressesQueries = Int("attention.q_lora_rank") > 0,
        };
        var isSigmoid = Int("expert_gating_func") == 2;
        var router = new ExpertRouter(
            Int("expert_used_count"), metadata.GetSingle("deepseek2.expert_weights_scale"), isSigmoid, metadata.GetBool("deepseek2.expert_weights_norm"),
            Int("expert_group_count", 1), Int("expert_group_used_count", 1));
        return new DeepSeekReferenceConfig(Int("block_count"), Int("leading_dense_block_count"), epsilon, attention, router) { HasSelectionBias = isSigmoid };
    }

    private static Grok1ReferenceConfig GrokConfig(GgufMetadata metadata) =>
        new(metadata.GetInt32("grok.block_count"), metadata.GetInt32("grok.attention.head_count"), metadata.GetInt32("grok.attention.head_count_kv"), metadata.GetInt32("grok.attention.key_length"))
        {
            Epsilon = metadata.GetSingle("grok.attention.layer_norm_rms_epsilon"),
            EmbeddingMultiplier = metadata.GetSingle("grok.embedding_scale"),
            AttentionMultiplier = metadata.GetSingle("grok.attention.output_scale"),
            OutputMultiplier = metadata.GetSingle("grok.logit_scale"),
            HeadName = "output.weight",
        };
}
