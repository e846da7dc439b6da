using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>Logits against llama.cpp's and an independent float64 forward, within the bounds of the golden models' PROVENANCE.md.</summary>
public sealed class GoldenTests
{
    private const float FloatBound = 2e-4f;
    private const float GrokBound = 5e-3f; // llama.cpp's GELU goes through a half-precision table
    private const float DecodedBound = 5e-4f;
    private const double MedianCosine = 0.999;
    private const double WorstCosine = 0.998;
    private const double MeanCosine = 0.99; // of g-kimi-k2-q4_0, where near-tied experts flip

    private static readonly int[] s_chunks = [1, 7, 64];

    public static TheoryData<string, IsaLevel, int> FloatModels => Cases(TestModels.Float);

    public static TheoryData<string, IsaLevel, int> QuantizedModels => Cases(TestModels.Quantized);

    [Theory]
    [MemberData(nameof(FloatModels))]
    public void A_float_model_gives_the_logits_of_llama_cpp(string name, IsaLevel isa, int chunk)
    {
        TestModels.Require(isa);
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Isa = isa });
        Logits.AssertWithin(name == "g-grok" ? GrokBound : FloatBound, TestModels.Floats("golden-models", $"{name}.logits.f32"), model.Score(TestModels.Tokens(), chunk));
    }

    [Theory]
    [MemberData(nameof(QuantizedModels))]
    public void A_quantized_model_with_float_activations_gives_the_logits_of_its_decoded_weights(string name, IsaLevel isa, int chunk)
    {
        TestModels.Require(isa);
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Isa = isa, Activations = ActivationType.F32 });
        Logits.AssertWithin(DecodedBound, TestModels.Floats("golden-models", $"{name}.float.f32"), model.Score(TestModels.Tokens(), chunk));
    }

    [Theory]
    [MemberData(nameof(QuantizedModels))]
    public void A_quantized_model_with_default_activations_points_the_same_way(string name, IsaLevel isa, int chunk)
    {
        TestModels.Require(isa);
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Isa = isa });
        var cosines = Logits.Cosines(TestModels.Floats("golden-models", $"{name}.float.f32"), model.Score(TestModels.Tokens(), chunk), model.Vocab);
        Array.Sort(cosines);
        Assert.True(cosines[cosines.Length / 2] >= MedianCosine, $"median row cosine: expected at least {MedianCosine}, found {cosines[cosines.Length / 2]}");
        if (name == "g-kimi-k2-q4_0")
        {
            Assert.True(cosines.Average() >= MeanCosine, $"mean row cosine: expected at least {MeanCosine}, found {cosines.Average()}");
        }
        else
        {
            Assert.True(cosines[0] >= WorstCosine, $"worst row cosine: expected at least {WorstCosine}, found {cosines[0]}");
        }
    }

    private static TheoryData<string, IsaLevel, int> Cases(string[] names)
    {
        var cases = new TheoryData<string, IsaLevel, int>();
        foreach (var name in names)
        {
            foreach (var isa in Enum.GetValues<IsaLevel>())
            {
                foreach (var chunk in s_chunks)
                {
                    cases.Add(name, isa, chunk);
                }
            }
        }

        return cases;
    }
}
