using Crescent.Engine.Models;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Synthesis.Published;

/// <summary>The same preset, layers and seed is the same model in every form: its logits tell.</summary>
public sealed class PublishedLogitsTests
{
    private const float OrderBound = 1e-5f; // of the largest logit, where the two forms sum in different orders

    private static readonly int[] s_tokens = [.. Enumerable.Range(0, 40).Select(i => i * 37 % 700)];

    private static readonly Dictionary<string, DType[]> s_types = new()
    {
        ["tiny-kimi-k2"] = [DType.F8_E4M3, DType.BF16, DType.INT4_G32],
        ["tiny-kimi-k2-thinking"] = [DType.INT4_G32, DType.BF16, DType.F32, DType.F16],
        ["tiny-moonlight"] = [DType.BF16, DType.F8_E4M3],
        ["tiny-deepseek-v3"] = [DType.F8_E4M3, DType.BF16],
        ["tiny-kimi-linear"] = [DType.BF16, DType.F8_E4M3, DType.INT4_G32],
        ["tiny-qwen3-30b-a3b"] = [DType.BF16, DType.F8_E4M3, DType.INT4_G32, DType.F16],
        ["tiny-llama-3.2-1b"] = [DType.BF16, DType.F32, DType.F8_E4M3],
        ["tiny-gpt-oss-20b"] = [DType.MXFP4_SPLIT],
        ["tiny-grok-1"] = [DType.BF16, DType.F32],
    };

    public static TheoryData<string, MlaForm> Latent
    {
        get
        {
            var rows = new TheoryData<string, MlaForm>();
            foreach (var name in s_types.Keys.Where(name => name.Contains("kimi", StringComparison.Ordinal) || name is "tiny-moonlight" or "tiny-deepseek-v3"))
            {
                rows.Add(name, MlaForm.Absorbed);
                rows.Add(name, MlaForm.Expanded);
            }

            return rows;
        }
    }

    [Theory]
    [InlineData("tiny-qwen3-30b-a3b")]
    [InlineData("tiny-gpt-oss-20b")]
    [InlineData("tiny-grok-1")]
    public void Safetensors_give_the_bits_of_GGUF(string name)
    {
        using var folder = new TemporaryFolder();
        var expected = Score(PublishedModels.Gguf(folder, name));
        foreach (var type in s_types[name])
        {
            Logits.AssertSameBits(expected, Score(PublishedModels.Published(folder, name, type)), $"{name} {type}");
        }
    }

    [Fact]
    public void Groks_pickles_give_the_bits_of_GGUF()
    {
        using var folder = new TemporaryFolder();
        var expected = Score(PublishedModels.Gguf(folder, "tiny-grok-1"));
        var path = PublishedModels.Published(folder, "tiny-grok-1", null, SynthFormat.Grok);
        Logits.AssertSameBits(expected, Score(path), "the release's folder");
        Logits.AssertSameBits(expected, Score(Path.Combine(path, "ckpt-0")), "ckpt-0");
    }

    // The rows of kv_b are those of attn_v_b and the columns of attn_k_b: their products are summed along another axis. All types agree to the bit.
    [Theory]
    [MemberData(nameof(Latent))]
    public void Latent_attention_gives_the_logits_of_GGUF_and_the_same_bits_in_every_type(string name, MlaForm form) =>
        AssertCloseAndAlike(name, LoadedModel.Plain with { Activations = ActivationType.F32, Mla = form });

    // The values of a head are in another order than in GGUF, so the products of queries and keys are.
    [Fact]
    public void Llama_gives_the_logits_of_GGUF_and_the_same_bits_in_every_type() =>
        AssertCloseAndAlike("tiny-llama-3.2-1b", LoadedModel.Plain with { Activations = ActivationType.F32 });

    [Fact]
    public void Two_seeds_are_two_models()
    {
        using var folder = new TemporaryFolder();
        var preset = PublishedModels.Preset("tiny-llama-3.2-1b");
        SynthModel.Write(preset, new() { Format = SynthFormat.Safetensors, Seed = 1 }, folder.File("a"), cancellationToken: TestContext.Current.CancellationToken);
        SynthModel.Write(preset, new() { Format = SynthFormat.Safetensors, Seed = 2 }, folder.File("b"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.NotEqual(Score(folder.File("a")), Score(folder.File("b")));
    }

    private static void AssertCloseAndAlike(string name, ModelOptions options)
    {
        using var folder = new TemporaryFolder();
        var expected = Score(PublishedModels.Gguf(folder, name), options);
        var types = s_types[name];
        var first = Score(PublishedModels.Published(folder, name, types[0]), options);
        Logits.AssertWithin(OrderBound * expected.Max(MathF.Abs), expected, first);
        foreach (var type in types[1..])
        {
            Logits.AssertSameBits(first, Score(PublishedModels.Published(folder, name, type), options), $"{name} {type} beside {types[0]}");
        }
    }

    private static float[] Score(string path) => Score(path, LoadedModel.Plain with { Activations = ActivationType.F32 });

    private static float[] Score(string path, ModelOptions options)
    {
        using var model = LoadedModel.OpenFile(path, options);
        return model.Score(s_tokens, 64);
    }
}
