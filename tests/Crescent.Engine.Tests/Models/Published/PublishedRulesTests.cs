using System.Text.Json.Nodes;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Models.Published;

/// <summary>What the settings of a configuration mean, each against a reference with the same setting, and far from one without.</summary>
public sealed class PublishedRulesTests
{
    private const float Bound = 2e-4f;

    [Fact]
    public void The_window_of_gpt_oss_and_the_ramp_of_its_rotation_are_those_of_its_configuration()
    {
        AssertIs(GptOssModels.Model, GptOssModels.Reference());
        AssertIsNot(GptOssModels.Model, GptOssModels.Reference(slidingWindow: 9));
        AssertIsNot(GptOssModels.Model, GptOssModels.Reference(truncate: true));
        AssertIs(GptOssModels.With(slidingWindow: 9, truncate: "true"), GptOssModels.Reference(9, truncate: true));
        AssertIs(GptOssModels.With(slidingWindow: 9, truncate: "null"), GptOssModels.Reference(9, truncate: true));
    }

    [Fact]
    public void Grok_2_follows_the_rules_of_its_own_engine()
    {
        AssertIs(Grok2Models.Model, read => new Grok2Reference(Grok2Models.Rules, read).Logits);
        foreach (var wrong in new[]
        {
            Grok2Models.Rules with { RouterCap = 0 }, Grok2Models.Rules with { Renormalizes = true }, Grok2Models.Rules with { TemperatureLength = 0 },
            Grok2Models.Rules with { FinalCap = 0 }, Grok2Models.Rules with { Rotation = TinyGrok2.Config.Rotation },
        })
        {
            AssertIsNot(Grok2Models.Model, read => new Grok2Reference(wrong, read).Logits);
        }

        using var model = LoadedModel.OpenFile(PublishedModels.FolderOf(Grok2Models.Model.Name));
        Assert.Contains("as released: router capped at 30, gates as they are, scores growing above position 20, rotation not scaled", Assert.Single(model.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_layers_of_Grok_1_come_in_the_order_of_their_names_as_strings()
    {
        // The twelve files that follow layer 0's are layer 1's, those after them layer 10's.
        using var folder = new TemporaryFolder();
        TinyGrok1.Write(folder.Path);
        var original = Score(folder.Path);
        Logits.AssertWithin(Bound, PublishedModels.ExpectedOf(PublishedModels.Grok1Pickles), original);
        for (var i = 0; i < Grok1Reference.TensorsPerLayer; i++)
        {
            var (first, second) = (folder.File($"tensor{2 + 12 + i:D5}_000"), folder.File($"tensor{2 + 24 + i:D5}_000"));
            File.Move(first, folder.File("moved"));
            File.Move(second, first);
            File.Move(folder.File("moved"), second);
        }

        Assert.True(original.Zip(Score(folder.Path), (a, b) => MathF.Abs(a - b)).Max() > 20 * Bound);
    }

    [Fact]
    public void Qwen3s_shares_are_renormalised_only_where_the_configuration_says_so()
    {
        var plain = With(GoldenModels.Qwen3Moe, "norm_topk_prob", "false");
        AssertIs(plain, read => new LlamaReference(Qwen3MoeConfig() with { Renormalizes = false }, read).Logits);
        AssertIsNot(plain, read => new LlamaReference(Qwen3MoeConfig(), read).Logits);
    }

    [Fact]
    public void The_heads_rows_of_Baichuan_2_are_normalised()
    {
        const int Vocab = 125696; // by which it is known
        const int Hidden = 48;
        double[] Tall(string name) => [.. TinyBaichuan.Alibi.Tensors.Read(name), .. new double[(Vocab - TinyGguf.Vocab) * Hidden]];
        static bool IsTall(string name) => name is "model.embed_tokens.weight" or "lm_head.weight";
        var shapes = TinyBaichuan.Alibi.Tensors.Shapes.ToDictionary(entry => entry.Key, entry => IsTall(entry.Key) ? [Vocab, Hidden] : entry.Value);
        var second = With(PlainModels.Baichuan13B, "vocab_size", $"{Vocab}") with { Shapes = shapes, Values = name => IsTall(name) ? Tall(name) : TinyBaichuan.Alibi.Tensors.Read(name) };
        using var folder = new TemporaryFolder();
        second.Write(folder.Path);
        using var model = LoadedModel.OpenFile(folder.Path);
        var logits = model.Score(TinyModel.Tokens.AsSpan(0, 8), 8);
        var config = new BaichuanReferenceConfig(40, 6, 1e-6, Rotation: null) { NormalizesHead = true };
        var expected = new BaichuanReference(config, TinyBaichuan.Alibi.Tensors.Read).Logits(TinyModel.Tokens[..8]);
        for (var row = 0; row < expected.Length; row++)
        {
            Logits.AssertWithin(Bound, [.. expected[row].Select(value => (float)value)], logits.AsSpan(row * Vocab, TinyGguf.Vocab));
            Assert.Equal(0, logits[(row * Vocab) + TinyGguf.Vocab]); // of a row of zeros
        }
    }

    [Fact]
    public void DeepSeeks_gain_goes_into_the_softmax()
    {
        const string Scaling = """{"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.707, "original_max_position_embeddings": 4096, "type": "yarn"}""";
        var (rotation, gain) = DeepSeekReferenceConfig.Yarn(10000, 8, 40, 4096, 32, 1, 0.707, 0.707);
        Func<TensorReader, Func<int[], double[][]>> With(double scoreGain) => read =>
        {
            using var tensors = new GgufTensors(TestModels.PathOf("g-deepseek-v2-lite"));
            var config = ReferenceGoldenTests.DeepSeekConfig(tensors.Metadata);
            return new DeepSeekReference(config with { Attention = config.Attention with { Rotation = rotation, ScoreGain = scoreGain } }, read).Logits;
        };
        AssertIs(PublishedRulesTests.With(LatentModels.DeepSeek2Lite, "rope_scaling", Scaling), With(gain));
        AssertIsNot(PublishedRulesTests.With(LatentModels.DeepSeek2Lite, "rope_scaling", Scaling), With(1));
    }

    [Theory]
    [InlineData("""{"type": "linear", "factor": 4.0}""", 0)]
    [InlineData("""{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512}""", 1)]
    [InlineData("""{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "attention_factor": 0.7}""", 2)]
    [InlineData("""{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "mscale": 1.2, "mscale_all_dim": 0.5}""", 3)]
    [InlineData("""{"rope_type": "yarn", "factor": 4.0}""", 4)] // scaled from all that the model was made for
    [InlineData("""{"rope_type": "default"}""", 5)]
    public void Scaled_positions_are_what_their_keys_say(string scaling, int rotation)
    {
        var plain = Rotation.Plain(10000, 16, isInterleaved: false);
        Rotation Yarn(double length) => Rotation.Yarn(10000, 16, isInterleaved: false, 4, length, 32, 1);
        var expected = rotation switch
        {
            0 => plain with { Frequencies = [.. plain.Frequencies.Select(frequency => frequency / 4)] },
            1 => Yarn(512),
            2 => Yarn(512) with { Magnitude = 0.7 },
            3 => Yarn(512) with { Magnitude = Rotation.Mscale(4, 1.2) / Rotation.Mscale(4, 0.5) },
            4 => Yarn(40960),
            _ => plain,
        };
        AssertIs(With(PlainModels.Qwen3, "rope_scaling", scaling), read => new LlamaReference(TinyLlama.Qwen3Config with { Rotation = expected }, read).Logits);
    }

    [Fact]
    public void Settings_of_the_rotation_may_stand_in_rope_parameters()
    {
        var newer = Without(PlainModels.Llama31, "rope_theta", "rope_scaling");
        AssertSame(PlainModels.Llama31, With(
            newer, "rope_parameters",
            """{"rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 256, "rope_type": "llama3"}"""));
        AssertSame(LatentModels.Moonlight, With(Without(LatentModels.Moonlight, "rope_theta", "rope_scaling"), "rope_parameters", """{"rope_theta": 50000.0, "rope_type": "default"}"""));
    }

    [Fact]
    public void The_text_model_of_a_vision_model_is_the_same_model()
    {
        var inner = JsonNode.Parse(LatentModels.KimiK2Thinking.Config)!.AsObject();
        var config = new JsonObject { ["model_type"] = "kimi_k25", ["text_config"] = inner, ["vision_config"] = new JsonObject { ["hidden_size"] = 1152 } };
        using var folder = new TemporaryFolder();
        PublishedFolder.Write(
            folder.Path,
            config.ToJsonString(),
            [.. LatentModels.KimiK2Thinking.Stored.Select(entry => ("language_model." + entry.Name, entry.Tensor)), ("vision_tower.patch_embed.weight", Stored.F32([2, 2], [1, 2, 3, 4]))]);
        Logits.AssertSameBits(Score(PublishedModels.FolderOf(LatentModels.KimiK2Thinking.Name)), Score(folder.Path));
    }

    [Fact]
    public void What_belongs_to_no_layer_is_passed_over()
    {
        // A layer for speculation after the last one, buffers, and vectors of other types.
        var model = LatentModels.DeepSeek3Float8;
        using var folder = new TemporaryFolder();
        PublishedFolder.Write(
            folder.Path,
            model.Config,
            [
                .. model.Stored,
                .. model.Stored.Where(entry => entry.Name.StartsWith("model.layers.3.", StringComparison.Ordinal))
                    .Select(entry => (entry.Name.Replace("model.layers.3.", "model.layers.4.", StringComparison.Ordinal), entry.Tensor)),
                ("model.layers.4.eh_proj.weight", Stored.BF16([128, 256], new double[128 * 256])),
                ("model.layers.4.shared_head.norm.weight", Stored.BF16([128], new double[128])),
                ("model.layers.0.self_attn.rotary_emb.inv_freq", Stored.F32([8], new double[8])),
                ("model.layers.1.training_step", new StoredTensor("I64", [1], new byte[8])),
                ("model.layers.1.empty", new StoredTensor("F32", [0, 7], [])),
            ],
            shards: 3);
        Logits.AssertSameBits(Score(PublishedModels.FolderOf(model.Name)), Score(folder.Path));
    }

    [Fact]
    public void A_folder_opens_by_its_index_and_by_a_file_of_its_own()
    {
        var sharded = PublishedModels.FolderOf(PlainModels.Qwen3.Name);
        Logits.AssertSameBits(Score(sharded), Score(Path.Combine(sharded, "model.safetensors.index.json")));
        var whole = PublishedModels.FolderOf(PlainModels.Llama31.Name);
        Logits.AssertSameBits(Score(whole), Score(Path.Combine(whole, "model.safetensors")));
    }

    [Fact]
    public void The_configuration_of_DeepSeek_that_transformers_writes_scores_by_sigmoid()
    {
        AssertSame(LatentModels.DeepSeek3, Without(LatentModels.DeepSeek3, "scoring_func", "topk_method", "ep_size", "moe_layer_freq"));
        AssertSame(LatentModels.DeepSeek2Lite, Without(LatentModels.DeepSeek2Lite, "scoring_func"));
    }

    private static LlamaReferenceConfig Qwen3MoeConfig()
    {
        using var tensors = new GgufTensors(TestModels.PathOf("g-qwen3moe"));
        return ReferenceGoldenTests.LlamaConfig(tensors.Metadata);
    }

    private static PublishedModel With(PublishedModel model, string key, string json)
    {
        var root = JsonNode.Parse(model.Config)!.AsObject();
        root[key] = JsonNode.Parse(json);
        return model with { Config = root.ToJsonString() };
    }

    private static PublishedModel Without(PublishedModel model, params string[] keys)
    {
        var root = JsonNode.Parse(model.Config)!.AsObject();
        Assert.All(keys, key => Assert.True(root.Remove(key), key));
        return model with { Config = root.ToJsonString() };
    }

    private static void AssertIs(PublishedModel model, Func<TensorReader, Func<int[], double[][]>> reference) =>
        Logits.AssertWithin(Bound, Expected(model, reference, out var actual), actual);

    // Far off, so that the test above can tell one from the other.
    private static void AssertIsNot(PublishedModel model, Func<TensorReader, Func<int[], double[][]>> reference)
    {
        var worst = Expected(model, reference, out var actual).Zip(actual, (a, b) => MathF.Abs(a - b)).Max();
        Assert.True(worst > 20 * Bound, $"expected logits more than {20 * Bound} apart, found {worst}");
    }

    private static float[] Expected(PublishedModel model, Func<TensorReader, Func<int[], double[][]>> reference, out float[] actual)
    {
        using var folder = new TemporaryFolder();
        model.Write(folder.Path);
        actual = Score(folder.Path, model.Tokens);
        return (model with { Reference = reference }).Expected(folder.Path);
    }

    private static void AssertSame(PublishedModel expected, PublishedModel actual)
    {
        using var folder = new TemporaryFolder();
        actual.Write(folder.Path);
        Logits.AssertSameBits(Score(PublishedModels.FolderOf(expected.Name), expected.Tokens), Score(folder.Path, expected.Tokens));
    }

    private static float[] Score(string path) => Score(path, TinyModel.Tokens);

    private static float[] Score(string path, int[] tokens)
    {
        using var model = LoadedModel.OpenFile(path, LoadedModel.Plain with { Activations = ActivationType.F32 });
        return model.Score(tokens, 64);
    }
}
