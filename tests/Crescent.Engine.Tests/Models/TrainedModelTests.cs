using System.Text.Json;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>A trained model (stories260K) against what llama2.c's run.c gives.</summary>
public sealed class TrainedModelTests
{
    private const float FloatCacheBound = 1e-3f;
    private const float HalfCacheBound = 5e-2f;
    private const double LossBound = 1e-3;
    private const int ReferenceRows = 16;

    [Fact]
    public void Greedy_tokens_are_those_of_the_reference()
    {
        using var model = Open(KvType.F32);
        var expected = Reference("greedy_tokens");
        using var generator = model.Generator(context: 512);
        var sequence = generator.Add(new GenerationRequest { Prompt = [expected[0]], MaxTokens = expected.Length - 1, Sampling = new SamplingOptions { Temperature = 0 } });
        generator.Run(sequence, TestContext.Current.CancellationToken);
        Assert.Equal(expected, sequence.Tokens.ToArray());
    }

    [Theory]
    [InlineData(KvType.F32, FloatCacheBound)]
    [InlineData(KvType.F16, HalfCacheBound)]
    public void First_logits_are_those_of_the_reference(KvType type, float bound)
    {
        using var model = Open(type);
        var logits = model.Score(Reference("greedy_tokens").AsSpan(0, ReferenceRows), ReferenceRows);
        Logits.AssertWithin(bound, TestModels.Floats("weights", "stories260K", "reference-logits-16x512.f32"), logits);
    }

    [Fact]
    public void A_story_has_the_published_loss_under_the_files_own_tokenizer()
    {
        using var model = Open(KvType.F32);
        var tokenizer = model.Tokenizer();
        Assert.NotNull(tokenizer.BosId);
        int[] tokens = [tokenizer.BosId.Value, .. tokenizer.Encode(File.ReadAllText(SharedData.Path("weights", "nll-text.txt")))];
        Assert.Equal(Reference("nll_tokens"), tokens.Take(Reference("nll_tokens").Length));
        using var json = JsonDocument.Parse(File.ReadAllText(SharedData.Path("weights", "stories260K", "reference.json")));
        Assert.Equal(json.RootElement.GetProperty("nll_text_tokens").GetInt32(), tokens.Length);

        var (sum, scored) = (0.0, 0);
        Scorer.Run(model.Model, tokens, 64, Visit, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(json.RootElement.GetProperty("nll_scored").GetInt32(), scored);
        Assert.Equal(json.RootElement.GetProperty("mean_nll").GetDouble(), sum / scored, LossBound);

        void Visit(int position, Span<float> logits)
        {
            if (position + 1 < tokens.Length)
            {
                var (max, total) = ((double)float.NegativeInfinity, 0.0);
                foreach (var logit in logits)
                {
                    max = Math.Max(max, logit);
                }

                foreach (var logit in logits)
                {
                    total += Math.Exp(logit - max);
                }

                sum -= logits[tokens[position + 1]] - max - Math.Log(total);
                scored++;
            }
        }
    }

    private static LoadedModel Open(KvType type) =>
        LoadedModel.OpenFile(SharedData.Path("weights", "stories260K", "stories260K.gguf"), LoadedModel.Plain with { KvType = type });

    private static int[] Reference(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(SharedData.Path("weights", "stories260K", "reference.json")));
        return [.. json.RootElement.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
    }
}
