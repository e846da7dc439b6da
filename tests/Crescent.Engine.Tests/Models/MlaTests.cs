using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>The forms of multi-head latent attention, and of its weights, are one function.</summary>
public sealed class MlaTests
{
    private const float FormBound = 1e-3f;
    private const float FloatActivationsBound = 1e-4f;
    private const float FusedBound = 1e-5f; // of the largest logit: the two layouts sum in different orders

    public static TheoryData<string> FloatLatent => TestModels.Rows(TestModels.Latent.Intersect(TestModels.Float));

    public static TheoryData<string> Latent => TestModels.Rows(TestModels.Latent);

    [Theory]
    [MemberData(nameof(FloatLatent))]
    public void Expanded_and_absorbed_attention_agree(string name) => AssertForms(name, FormBound, ActivationType.Int8);

    [Theory]
    [MemberData(nameof(Latent))]
    public void Expanded_and_absorbed_attention_agree_closely_with_float_activations(string name) =>
        AssertForms(name, FloatActivationsBound, ActivationType.F32);

    [Fact]
    public void The_forms_agree_past_the_positions_that_are_expanded_at_a_time()
    {
        var text = TestModels.Tokens();
        int[] tokens = [.. Enumerable.Range(0, 600).Select(i => text[(i * 7) % text.Length])];
        using var expanded = LoadedModel.Open("g-kimi-k2", LoadedModel.Plain with { Mla = MlaForm.Expanded });
        using var absorbed = LoadedModel.Open("g-kimi-k2", LoadedModel.Plain with { Mla = MlaForm.Absorbed });
        var expected = absorbed.Score(tokens, 64);
        Logits.AssertWithin(FormBound, expected, expanded.Score(tokens, 64));
        Logits.AssertSameBits(expanded.Score(tokens, 64), expanded.Score(tokens, 50), "chunks off the blocks:");
    }

    [Theory]
    [InlineData(MlaForm.Expanded)]
    [InlineData(MlaForm.Absorbed)]
    public void Fused_key_and_value_weights_give_what_the_split_ones_give(MlaForm form)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("fused.gguf");
        using (var split = GgufCheckpoint.Open(TestModels.PathOf("g-kimi-k2")))
        {
            ModelCopy.WriteFused(split, path);
        }

        var options = LoadedModel.Plain with { Mla = form };
        using var expected = LoadedModel.Open("g-kimi-k2", options);
        using var fused = LoadedModel.OpenFile(path, options);
        var logits = expected.Score(TestModels.Tokens(), 64);
        Logits.AssertWithin(FusedBound * logits.Max(MathF.Abs), logits, fused.Score(TestModels.Tokens(), 64));
    }

    private static void AssertForms(string name, float bound, ActivationType activations)
    {
        var options = LoadedModel.Plain with { Activations = activations };
        using var expanded = LoadedModel.Open(name, options with { Mla = MlaForm.Expanded });
        using var absorbed = LoadedModel.Open(name, options with { Mla = MlaForm.Absorbed });
        Logits.AssertWithin(bound, absorbed.Score(TestModels.TokensOf(name), 64), expanded.Score(TestModels.Tokens(), 64));
    }
}
