using System.Runtime.InteropServices;
using Crescent.Kernels;
using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>The engine on tiny models of every plain architecture: against llama.cpp's logits, and against forward passes in doubles where llama.cpp differs from the makers.</summary>
public sealed class ReferencedModelTests
{
    private const float Bound = 2e-4f;

    private static readonly int[] s_chunks = [1, 7, 72];

    // Not Grok-2: llama.cpp's GELU goes through a half-precision table, 0.03 of a logit in this model.
    public static TheoryData<string, IsaLevel> Golden =>
        TestModels.WithLevels(TestModels.Referenced.Intersect(TinyModel.All).Where(model => model != TinyGrok2.Model).Select(model => model.Name));

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_model_gives_the_logits_of_llama_cpp(string name, IsaLevel isa)
    {
        TestModels.Require(isa);
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Isa = isa, MaxBatchTokens = 72 });
        var path = Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "tiny-models", $"{name}.logits.f32");
        var expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
        foreach (var chunk in s_chunks)
        {
            Logits.AssertWithin(Bound, expected, model.Score(TinyModel.Tokens, chunk));
        }
    }

    /// <summary>Under llama.cpp's rules, with a GELU in doubles; the same reference with llama.cpp's GELU is within 5e-3 of its logits (TinyModelTests).</summary>
    [Fact]
    public void Grok_2_in_GGUF_is_its_reference_under_the_rules_of_llama_cpp() =>
        AssertIs(new Grok2Reference(TinyGrok2.LlamaCppConfig with { Gelu = Vectors.Gelu }, TinyGrok2.Model.Tensors.Read).Logits, TinyGrok2.Model);

    [Fact]
    public void Grok_2_as_released_is_its_reference()
    {
        var released = TinyGrok2.Config with { Rotation = Rotation.Plain(10000, 16, isInterleaved: false), TemperatureLength = 20 };
        string[] overrides = ["grok.as_released=bool:true", "grok.attention.temperature_length=int:20"];
        AssertIs(new Grok2Reference(released, TinyGrok2.Model.Tensors.Read).Logits, TinyGrok2.Model, overrides);
        AssertIsNot(new Grok2Reference(released, TinyGrok2.Model.Tensors.Read).Logits, TinyGrok2.Model);

        // Whoever wants other gates says so.
        var renormalised = released with { Renormalizes = true };
        AssertIs(new Grok2Reference(renormalised, TinyGrok2.Model.Tensors.Read).Logits, TinyGrok2.Model, [.. overrides, "grok.expert_weights_norm=bool:true"]);
    }

    [Fact]
    public void Grok_2_says_whose_rules_it_follows()
    {
        using var asLlamaCpp = LoadedModel.Open(TinyGrok2.Model.Name);
        Assert.Contains("as llama.cpp reads it", Assert.Single(asLlamaCpp.Notes), StringComparison.Ordinal);
        using var released = LoadedModel.OpenFile(TestModels.PathOf(TinyGrok2.Model.Name), null, "grok.as_released=bool:true");
        Assert.Contains("as released: router capped at 30, gates as they are, scores growing above position 1024", Assert.Single(released.Notes), StringComparison.Ordinal);
        using var first = LoadedModel.Open("g-grok");
        Assert.Empty(first.Notes);
    }

    [Fact]
    public void The_ramp_of_gpt_oss_is_not_rounded_unless_a_key_says_so()
    {
        string[] published = ["gpt-oss.rope.freq_base=float:150000", "gpt-oss.rope.scaling.original_context_length=int:4096"];
        Func<int[], double[][]> With(bool truncate) =>
            new GptOssReference(TinyGptOss.Config with { Rotation = Rotation.Yarn(150000, 16, isInterleaved: false, 32, 4096, 32, 1, truncate) }, TinyGptOss.Model.Tensors.Read).Logits;
        AssertIs(With(truncate: false), TinyGptOss.Model, published);
        AssertIsNot(With(truncate: true), TinyGptOss.Model, published);
        AssertIs(With(truncate: true), TinyGptOss.Model, [.. published, "gpt-oss.rope.scaling.yarn_truncate=bool:true"]);
    }

    [Fact]
    public void A_normalised_head_is_that_of_Baichuan_2()
    {
        var config = new BaichuanReferenceConfig(40, 6, 1e-6, Rotation: null) { NormalizesHead = true };
        AssertIs(new BaichuanReference(config, TinyBaichuan.Alibi.Tensors.Read).Logits, TinyBaichuan.Alibi, "baichuan.normalize_head=bool:true");
    }

    [Fact]
    public void A_window_under_llama_slides_in_every_layer() => AssertIs(TinyMistral.Model.Reference, TinyMistral.Model);

    [Fact]
    public void Llama_3s_rotation_may_be_given_by_keys()
    {
        var rotation = Rotation.Llama3(10000, 16, isInterleaved: true, 8, 1, 4, 512);
        AssertIs(
            TinyMistral.ReferenceOf(TinyMistral.ConfigWith(rotation)),
            TinyMistral.Model,
            "llama.rope.scaling.type=str:llama3", "llama.rope.scaling.factor=float:8", "llama.rope.scaling.low_freq_factor=float:1",
            "llama.rope.scaling.high_freq_factor=float:4", "llama.rope.scaling.original_context_length=int:512");
    }

    [Fact]
    public void Yarns_gain_may_be_divided_out_again()
    {
        var rotation = Rotation.Yarn(10000, 16, isInterleaved: true, 16, 512, 32, 1);
        string[] keys = ["llama.rope.scaling.type=str:yarn", "llama.rope.scaling.factor=float:16", "llama.rope.scaling.original_context_length=int:512"];
        AssertIs(TinyMistral.ReferenceOf(TinyMistral.ConfigWith(rotation)), TinyMistral.Model, keys);
        AssertIs(
            TinyMistral.ReferenceOf(TinyMistral.ConfigWith(rotation with { Magnitude = 1 })), TinyMistral.Model, [.. keys, "llama.rope.scaling.yarn_log_multiplier=float:1"]);
    }

    [Theory]
    [InlineData("tiny-mistral", "'llama.rope.scaling.type': expected none, linear, yarn or llama3, found 'dynamic'", "llama.rope.scaling.type=str:dynamic")]
    [InlineData("tiny-mistral", "'llama.rope.scaling.low_freq_factor': expected less than high_freq_factor, 4, found 4", "llama.rope.scaling.type=str:llama3", "llama.rope.scaling.low_freq_factor=float:4")]
    [InlineData("tiny-mistral", "'llama.attention.temperature_scale': expected 0 or none", "llama.attention.temperature_scale=float:0.1")]
    [InlineData("tiny-mistral", "'llama.attention.sliding_window': expected 0..", "llama.attention.sliding_window=int:-1")]
    [InlineData("tiny-gpt-oss", "'gpt-oss.attention.sliding_window': expected 1..", "gpt-oss.attention.sliding_window=int:0")]
    [InlineData("tiny-gpt-oss", "'gpt-oss.rope.scaling.yarn_ext_factor': expected 1, found 0", "gpt-oss.rope.scaling.yarn_ext_factor=float:0")]
    [InlineData("tiny-gpt-oss", "'blk.0.attn_sinks.weight'", "gpt-oss.attention.head_count=int:4", "gpt-oss.attention.head_count_kv=int:1", "gpt-oss.attention.key_length=int:32")]
    [InlineData("tiny-grok-2", "'blk.0.ffn_gate.weight'", "grok.feed_forward_length=int:95")]
    public void A_bad_key_is_refused(string name, string message, params string[] overrides)
    {
        var exception = Assert.Throws<Engine.Checkpoints.CheckpointException>(() => LoadedModel.OpenFile(TestModels.PathOf(name), null, overrides));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    private static void AssertIs(Func<int[], double[][]> reference, TinyModel tiny, params string[] overrides) =>
        Logits.AssertWithin(Bound, Expected(reference), Score(tiny, overrides));

    // Far off, so that the test above can tell one from the other.
    private static void AssertIsNot(Func<int[], double[][]> reference, TinyModel tiny, params string[] overrides)
    {
        var worst = Expected(reference).Zip(Score(tiny, overrides), (expected, actual) => MathF.Abs(expected - actual)).Max();
        Assert.True(worst > 20 * Bound, $"expected logits more than {20 * Bound} apart, found {worst}");
    }

    private static float[] Expected(Func<int[], double[][]> reference) => [.. reference(TinyModel.Tokens).SelectMany(row => row).Select(value => (float)value)];

    private static float[] Score(TinyModel tiny, string[] overrides)
    {
        using var model = LoadedModel.OpenFile(TestModels.PathOf(tiny.Name), LoadedModel.Plain with { MaxBatchTokens = 72 }, overrides);
        return model.Score(TinyModel.Tokens, 40);
    }
}
