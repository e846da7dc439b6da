using Crescent.Engine.Models;
using Crescent.Kernels.MatMul;
using Xunit;

namespace Crescent.Tests.Models.Published;

/// <summary>Models as they are published give the logits of llama.cpp, or of forward passes in doubles over the values in their files.</summary>
public sealed class PublishedModelTests
{
    private const float Bound = 2e-4f;
    private const double MedianCosine = 0.999;

    private static readonly int[] s_chunks = [1, 7, 64];

    // Whose values are those of a golden model, to the bit.
    public static TheoryData<string> Golden =>
    [
        "llama-3.1", "qwen2", "qwen3", "baichuan-7b", "baichuan-13b", "kimi-linear", "kimi-k2", "deepseek-v3", "moonlight", "deepseek-v2-lite", "qwen3-moe",
    ];

    public static TheoryData<string> All => [.. PublishedModels.All.Select(model => model.Name), PublishedModels.Grok1Pickles, PublishedModels.Grok2Parallel];

    public static TheoryData<string> Forms => [.. PublishedModels.OnePerForm];

    private static ModelOptions Float => LoadedModel.Plain with { Activations = ActivationType.F32 };

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_published_model_in_float32_gives_the_logits_of_llama_cpp(string name)
    {
        using var model = LoadedModel.OpenFile(PublishedModels.FolderOf(name), Float);
        foreach (var chunk in s_chunks)
        {
            Logits.AssertWithin(Bound, PublishedModels.GoldenOf(name), model.Score(PublishedModels.TokensOf(name), chunk));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_published_model_with_float_activations_gives_the_logits_of_its_reference(string name)
    {
        using var model = LoadedModel.OpenFile(PublishedModels.FolderOf(name), Float);
        Logits.AssertWithin(Bound, PublishedModels.ExpectedOf(name), model.Score(PublishedModels.TokensOf(name), 64));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_published_model_with_default_activations_points_the_same_way(string name)
    {
        using var model = LoadedModel.OpenFile(PublishedModels.FolderOf(name));
        var cosines = Logits.Cosines(PublishedModels.ExpectedOf(name), model.Score(PublishedModels.TokensOf(name), 64), model.Vocab);
        Array.Sort(cosines);
        Assert.True(cosines[cosines.Length / 2] >= MedianCosine, $"median row cosine: expected at least {MedianCosine}, found {cosines[cosines.Length / 2]}");
    }
}
