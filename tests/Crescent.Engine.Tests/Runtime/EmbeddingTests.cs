using Crescent.Engine.Runtime;
using Crescent.Tests.Models;
using Crescent.Tests.Reference;
using Xunit;

namespace Crescent.Tests.Runtime;

public sealed class EmbeddingTests
{
    public static TheoryData<string> Models => TestModels.Rows(TestModels.OnePerArchitecture);

    /// <summary>The head is linear: of the mean hidden state it makes the mean of llama.cpp's logits.</summary>
    [Theory]
    [InlineData("g-llama")]
    [InlineData("g-kimi-k2")]
    [InlineData("g-moonlight")]
    [InlineData("g-qwen3moe")]
    public void The_head_makes_the_mean_of_the_golden_logits_of_it(string name)
    {
        using var model = LoadedModel.Open(name);
        var tokens = TestModels.TokensOf(name);
        var embedding = Embed(model, tokens);
        using var tensors = new GgufTensors(TestModels.PathOf(name));
        var logits = Vectors.Multiply(tensors.Read("output.weight"), [.. embedding.Select(value => (double)value)]);
        var golden = TestModels.Floats("golden-models", $"{name}.logits.f32");
        var mean = Enumerable.Range(0, model.Vocab).Select(id => Enumerable.Range(0, tokens.Length).Average(position => (double)golden[(position * model.Vocab) + id])).ToArray();
        var scale = Length(logits) / Length(mean);
        var error = Length([.. logits.Zip(mean, (found, expected) => (found / scale) - expected)]) / Length(mean);
        Assert.InRange(error, 0, 1e-3);
        Assert.Equal(1, Length([.. embedding.Select(value => (double)value)]), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Chunks_threads_and_others_change_no_bit(string name)
    {
        var tokens = TestModels.TokensOf(name);
        using var model = LoadedModel.Open(name);
        var expected = Embed(model, tokens[..50]);
        Assert.Equal(expected, Embed(model, tokens[..50], chunk: 7));
        using var threads = LoadedModel.Open(name, LoadedModel.Plain with { Threads = 2 });
        Assert.Equal(expected, Embed(threads, tokens[..50]));
        Assert.NotEqual(expected, Embed(model, tokens[..49]));

        using var generator = model.Generator(sequences: 3, chunk: 11);
        var answer = generator.Add(Recording.Greedy(tokens[..40], 30));
        var (first, second) = (generator.Add(Request(tokens[..50])), generator.Add(Request(tokens[5..30])));
        Run(generator);
        Assert.Equal(expected, first.Embedding);
        Assert.Equal(Embed(model, tokens[5..30]), second.Embedding);
        Assert.Equal(Recording.RunAlone(model, answer.Request).Sequence.Tokens.ToArray(), answer.Tokens.ToArray());
    }

    [Fact]
    public void The_cache_shortens_nothing()
    {
        var tokens = TestModels.Tokens();
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator();
        var answer = generator.Add(Recording.Greedy(tokens, 3));
        Run(generator);
        var embedded = generator.Add(Request(tokens));
        Run(generator);
        Assert.Equal(FinishReason.Length, answer.FinishReason);
        Assert.Equal((FinishReason.Stop, 0, 0), (embedded.FinishReason, embedded.CachedTokens, embedded.GeneratedTokens.Length));
        Assert.Equal(Embed(model, tokens), embedded.Embedding);
    }

    [Fact]
    public void One_that_starts_again_is_the_same()
    {
        var tokens = TestModels.Tokens();
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(sequences: 2, chunk: 2, pages: 3);
        var older = generator.Add(Recording.Greedy(tokens[..28], 30));
        var younger = generator.Add(Request(tokens[..60]));
        var (restarts, computed) = (0, 0);
        for (var step = 0; generator.Step(); step++)
        {
            Assert.True(step < 1000);
            restarts += younger.Computed < computed ? 1 : 0;
            computed = younger.Computed;
        }

        Assert.InRange(restarts, 1, 10);
        Assert.Equal(30, older.GeneratedTokens.Length);
        Assert.Equal(Embed(model, tokens[..60]), younger.Embedding);
    }

    [Fact]
    public void What_is_not_finite_fails()
    {
        using var folder = new Checkpoints.TemporaryFolder();
        var path = folder.File("nan.gguf");
        PatchedModel.Write("g-llama", "token_embd.weight", path, bytes => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes)[..(bytes.Length / 4 / 512)].Fill(float.NaN));
        using var model = LoadedModel.OpenFile(path);
        using var generator = model.Generator();
        var sequence = generator.Add(Request([0, 6]));
        Run(generator);
        Assert.Equal(FinishReason.Failed, sequence.FinishReason);
        Assert.Contains("not finite", sequence.Error, StringComparison.Ordinal);
        Assert.Null(sequence.Embedding);
    }

    private static GenerationRequest Request(int[] tokens) => new() { Prompt = tokens, EmbedPrompt = true };

    private static float[] Embed(LoadedModel model, int[] tokens, int chunk = 0)
    {
        using var generator = model.Generator(chunk: chunk);
        var sequence = generator.Add(Request(tokens));
        Run(generator);
        Assert.Equal(FinishReason.Stop, sequence.FinishReason);
        return sequence.Embedding!;
    }

    private static void Run(Generator generator)
    {
        for (var step = 0; generator.Step(); step++)
        {
            Assert.True(step < 1000);
        }
    }

    private static double Length(double[] values) => Math.Sqrt(values.Sum(value => value * value));
}
