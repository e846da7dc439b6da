using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Conversion;

/// <summary>Models of latent attention, published and converted: the golden models of llama.cpp come back.</summary>
public sealed class LatentModelTests
{
    private const float Bound = 2e-4f;

    public static TheoryData<string> Names => ["g-kimi-k2", "g-moonlight", "g-deepseek-v3", "g-deepseek-v2-lite"];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_published_model_becomes_the_golden_one(string name)
    {
        using var published = PublishedGolden.Write(name);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        using var golden = Checkpoint.Open(TestModels.PathOf(name));
        Assert.Equal(golden.Tensors.Keys.Order(StringComparer.Ordinal), converted.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var tensor in golden.Tensors.Values)
        {
            Assert.Equal(tensor.Shape, converted.Tensors[tensor.Name].Shape);
            Logits.AssertSameBits(Conversions.Decode(golden, tensor.Name), Conversions.Decode(converted, tensor.Name), tensor.Name);
        }

        var pairs = converted.Metadata.Describe().ToDictionary(pair => pair.Key);
        foreach (var pair in golden.Metadata.Describe().Where(pair => pair.Key.StartsWith("deepseek2.", StringComparison.Ordinal)))
        {
            Assert.Equal(pair, pairs[pair.Key]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_logits_are_those_of_the_source_and_of_llama_cpp(string name)
    {
        using var published = PublishedGolden.Write(name);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        var converted = Conversions.Score(published.File("converted.gguf"), TestModels.Tokens());
        Logits.AssertWithin(Bound, Conversions.Score(published.Path, TestModels.Tokens()), converted);
        Logits.AssertWithin(Bound, TestModels.Floats("golden-models", $"{name}.logits.f32"), converted);
    }

    [Fact]
    public void Experts_in_INT4_become_Q4_0_without_a_changed_bit()
    {
        using var published = PublishedGolden.Write("g-kimi-k2", (folder, name, rows, columns, values) => folder.AddInt4(name, rows, columns, values));
        var plan = Conversions.Convert(published.Path, published.File("converted.gguf"));
        Assert.DoesNotContain(plan.Notices, notice => notice.Contains("INT4", StringComparison.Ordinal));
        AssertSameExperts(published, "converted.gguf", DType.INT4_G32, DType.Q4_0);

        // Also where the rest is to become smaller: what is exact is never rounded.
        Conversions.Convert(published.Path, published.File("small.gguf"), Conversions.Plain with { Type = Engine.Conversion.TargetType.Parse("q4_0") });
        AssertSameExperts(published, "small.gguf", DType.INT4_G32, DType.Q4_0, scores: false);
    }

    [Fact]
    public void Experts_in_INT4_whose_scales_are_no_halves_become_F32_with_a_notice()
    {
        // 2^100 times as large.
        using var published = PublishedGolden.Write("g-kimi-k2", (folder, name, rows, columns, values) => folder.AddInt4(name, rows, columns, values, bits => (ushort)(bits + (100 << 7))));
        var plan = Conversions.Convert(published.Path, published.File("converted.gguf"));
        Assert.Contains(plan.Notices, notice => notice.Contains("in INT4 become F32", StringComparison.Ordinal));
        AssertSameExperts(published, "converted.gguf", DType.INT4_G32, DType.F32, scores: false);
    }

    [Theory]
    [InlineData(0.25f, DType.BF16)]
    [InlineData(0.375f, DType.BF16)]
    [InlineData(0.1f, DType.F32)]
    public void Experts_in_FP8_become_BF16_where_that_is_exact_else_F32(float scale, DType expected)
    {
        using var published = PublishedGolden.Write("g-kimi-k2", (folder, name, rows, columns, _) => folder.AddFloat8($"{name}.weight", rows, columns, seed: name.Length, _ => scale));
        var plan = Conversions.Convert(published.Path, published.File("converted.gguf"));
        Assert.Contains(plan.Notices, notice => notice.Contains($"in FP8 become {expected}", StringComparison.Ordinal));
        AssertSameExperts(published, "converted.gguf", DType.F8_E4M3, expected);
    }

    private static void AssertSameExperts(PublishedFolder published, string file, DType from, DType to, bool scores = true)
    {
        using var source = Checkpoint.Open(published.Path);
        using (var converted = Checkpoint.Open(published.File(file)))
        {
            var experts = source.Tensors.Values.Where(tensor => tensor.Name.Contains("_exps", StringComparison.Ordinal)).ToArray();
            Assert.NotEmpty(experts);
            foreach (var tensor in experts)
            {
                Assert.Equal((from, to), (tensor.DType, converted.Tensors[tensor.Name].DType));
                Logits.AssertSameBits(Conversions.Decode(source, tensor.Name), Conversions.Decode(converted, tensor.Name), tensor.Name);
            }
        }

        // Products read the same values; the keys' up-projection is transposed, which changes the order of sums.
        var options = LoadedModel.Plain with { MaxBatchTokens = 128, Activations = ActivationType.F32 };
        if (scores)
        {
            Logits.AssertWithin(Bound, Conversions.Score(published.Path, TestModels.Tokens(), options), Conversions.Score(published.File(file), TestModels.Tokens(), options));
        }
    }
}
