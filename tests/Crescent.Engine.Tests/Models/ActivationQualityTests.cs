using Crescent.Engine.Conversion;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Conversion;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>
/// What 8-bit activations cost a trained model: the mean divergence of its predictions from those of the same weights with float activations, in nats
/// a token of a story. Bounds are a quarter above what was measured.
/// </summary>
public sealed class ActivationQualityTests : IDisposable
{
    private const int Copies = 4; // 64 values to 256
    private const double Slack = 1.25;
    private const float WideningBound = 1e-3f;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Q4_0", 5.77e-4)]
    [InlineData("Q8_0", 3.95e-4)]
    [InlineData("IQ4_NL", 5.12e-4)]
    [InlineData("MXFP4", 5.68e-4)]
    [InlineData("Q3_K", 8.17e-4)]
    [InlineData("Q4_K", 4.57e-4)]
    [InlineData("Q5_K", 4.29e-4)]
    [InlineData("Q6_K", 4.08e-4)]
    [InlineData("IQ4_XS", 5.22e-4)]
    public void Predictions_stay_as_near_to_those_of_float_activations_as_was_measured(string type, double measured)
    {
        WidenedModel.Write(Stories(), _folder.File("wide.gguf"), Copies);
        Conversions.Convert(_folder.File("wide.gguf"), _folder.File("small.gguf"), Conversions.Plain with { Type = TargetType.Parse(type) });
        var tokens = Story();
        var expected = Score(_folder.File("small.gguf"), tokens, ActivationType.F32, out var vocab);
        var divergence = Divergence(expected, Score(_folder.File("small.gguf"), tokens, ActivationType.Int8, out _), vocab);
        Assert.True(divergence <= Slack * measured, $"{type}: expected at most {Slack} · {measured:E3} nats a token, found {divergence:E3}");
        Assert.True(divergence > 0, $"{type}: expected rounded activations to show");
    }

    [Fact]
    public void A_widened_model_gives_the_logits_of_the_trained_one()
    {
        WidenedModel.Write(Stories(), _folder.File("wide.gguf"), Copies);
        var tokens = Story();
        Logits.AssertWithin(
            WideningBound, Score(Stories(), tokens, ActivationType.F32, out _), Score(_folder.File("wide.gguf"), tokens, ActivationType.F32, out _));
    }

    private static string Stories() => SharedData.Path("weights", "stories260K", "stories260K.gguf");

    private static int[] Story()
    {
        using var model = LoadedModel.OpenFile(Stories());
        var tokenizer = model.Tokenizer();
        return [tokenizer.BosId!.Value, .. tokenizer.Encode(File.ReadAllText(SharedData.Path("weights", "nll-text.txt")))];
    }

    private static float[] Score(string path, int[] tokens, ActivationType activations, out int vocab)
    {
        using var model = LoadedModel.OpenFile(path, LoadedModel.Plain with { Activations = activations });
        vocab = model.Vocab;
        return model.Score(tokens, 64);
    }

    // Mean over the rows of Σ p·(ln p − ln q).
    private static double Divergence(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, int vocab)
    {
        var sum = 0.0;
        for (var row = 0; row < expected.Length; row += vocab)
        {
            var (p, q) = (LogProbabilities(expected.Slice(row, vocab)), LogProbabilities(found.Slice(row, vocab)));
            sum += p.Zip(q, (left, right) => Math.Exp(left) * (left - right)).Sum();
        }

        return sum / (expected.Length / vocab);
    }

    private static double[] LogProbabilities(ReadOnlySpan<float> logits)
    {
        double[] values = [.. logits.ToArray().Select(logit => (double)logit)];
        var max = values.Max();
        var total = max + Math.Log(values.Sum(value => Math.Exp(value - max)));
        return [.. values.Select(value => value - total)];
    }
}
