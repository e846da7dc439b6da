using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Tests.Support;
using OpenAI.Embeddings;
using Xunit;

namespace Crescent.Tests;

public sealed class EmbeddingsTests
{
    private const string Path = "/v1/embeddings";
    private const int Length = 64; // of the small model's hidden states

    [Fact]
    public async Task Texts_and_ids_have_embeddings_of_length_one()
    {
        await using var scene = await ServerScene.OpenAsync();
        int[] ids = [scene.Tokenizer.BosId!.Value, .. scene.Tokenizer.Encode("Once upon a time")];
        var list = string.Join(',', ids);
        var reply = await scene.AskAsync(Path, $$"""{"model":"any","input":["Once upon a time","The dog",[{{list}}]]}""");
        Assert.Equal(["data", "model", "usage", "object"], reply.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("list", "any"), (reply.GetProperty("object").GetString(), reply.GetProperty("model").GetString()));
        var data = reply.GetProperty("data").EnumerateArray().ToArray();
        Assert.Equal([0, 1, 2], data.Select(item => item.GetProperty("index").GetInt32()));
        Assert.All(data, item => Assert.Equal("embedding", item.GetProperty("object").GetString()));
        var vectors = data.Select(item => Floats(item.GetProperty("embedding"))).ToArray();
        Assert.All(vectors, vector => Assert.Equal((Length, 1.0), (vector.Length, Math.Round(Norm(vector), 6))));
        Assert.Equal(vectors[0], vectors[2]);
        Assert.NotEqual(vectors[0], vectors[1]);
        var tokens = (2 * ids.Length) + 1 + scene.Tokenizer.Encode("The dog").Length;
        Assert.Equal((tokens, tokens), (reply.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), reply.GetProperty("usage").GetProperty("total_tokens").GetInt32()));

        // A single text, a single list of ids, and the engine itself say the same.
        foreach (var input in (string[])["\"Once upon a time\"", $"[{list}]"])
        {
            Assert.Equal(vectors[0], Floats((await scene.AskAsync(Path, $$"""{"input":{{input}}}""")).GetProperty("data")[0].GetProperty("embedding")));
        }

        using var answer = scene.Engine.Submit(new ChatRequest { Prompt = ids, EmbedPrompt = true }, TestContext.Current.CancellationToken);
        Assert.Equal(vectors[0], (await CollectedAnswer.ReadAsync(answer, TestContext.Current.CancellationToken))[0].Embedding);
    }

    [Fact]
    public async Task Base64_holds_the_same_numbers()
    {
        await using var scene = await ServerScene.OpenAsync();
        var floats = (await scene.AskAsync(Path, """{"input":"The dog","encoding_format":"float"}""")).GetProperty("data")[0].GetProperty("embedding");
        var bytes = (await scene.AskAsync(Path, """{"input":"The dog","encoding_format":"base64"}""")).GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(Floats(floats), Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, 4 * i)));
    }

    [Fact]
    public async Task Fewer_dimensions_are_the_first_scaled_to_length_one()
    {
        await using var scene = await ServerScene.OpenAsync();
        var whole = Floats((await scene.AskAsync(Path, """{"input":"The dog"}""")).GetProperty("data")[0].GetProperty("embedding"));
        var cut = Floats((await scene.AskAsync(Path, """{"input":"The dog","dimensions":10}""")).GetProperty("data")[0].GetProperty("embedding"));
        Assert.Equal(whole[..10].Select(value => value / Norm(whole[..10])), cut.Select(value => (double)value), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal("dimensions", (await scene.RefusedAsync(400, Path, """{"input":"x","dimensions":65}""")).GetProperty("param").GetString());
    }

    [Fact]
    public async Task Control_tokens_in_a_text_are_text()
    {
        await using var scene = await ServerScene.OpenAsync();
        var name = scene.Tokenizer.TokenName(scene.Tokenizer.EosId!.Value);
        Assert.Single(scene.Tokenizer.Encode(name, parseSpecial: true));
        var usage = (await scene.AskAsync(Path, $$"""{"input":"{{name}}"}""")).GetProperty("usage");
        Assert.InRange(usage.GetProperty("prompt_tokens").GetInt32(), 3, 10);
    }

    [Theory]
    [InlineData("""{}""", "input")]
    [InlineData("""{"input":[]}""", "input")]
    [InlineData("""{"input":{}}""", "input")]
    [InlineData("""{"input":[[]]}""", "input[0]")]
    [InlineData("""{"input":["x",{}]}""", "input[1]")]
    [InlineData("""{"input":"x","encoding_format":"int8"}""", "encoding_format")]
    [InlineData("""{"input":"x","dimensions":0}""", "dimensions")]
    public async Task A_wrong_field_is_named(string body, string param)
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Equal(param, (await scene.RefusedAsync(400, Path, body)).GetProperty("param").GetString());
    }

    [Fact]
    public async Task A_text_longer_than_the_context_is_refused()
    {
        await using var scene = await ServerScene.OpenAsync();
        var error = await scene.RefusedAsync(400, Path, $$"""{"input":["short","{{string.Concat(Enumerable.Repeat("The dog ", 200))}}"]}""");
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
    }

    /// <summary>OpenAI's own client for .NET, which asks for base64.</summary>
    [Fact]
    public async Task OpenAIs_client_reads_embeddings()
    {
        await using var scene = await ServerScene.OpenAsync();
        var expected = Floats((await scene.AskAsync(Path, """{"input":"The dog","dimensions":32}""")).GetProperty("data")[0].GetProperty("embedding"));
        var options = new EmbeddingGenerationOptions { Dimensions = 32 };
        var found = (await scene.Embeddings.GenerateEmbeddingsAsync(["Once upon a time", "The dog"], options, TestContext.Current.CancellationToken)).Value;
        Assert.Equal(expected, found[1].ToFloats().ToArray());
        Assert.Equal(5 + 1 + scene.Tokenizer.Encode("The dog").Length, found.Usage.InputTokenCount);
    }

    private static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetSingle())];

    private static double Norm(float[] vector) => Math.Sqrt(vector.Sum(value => (double)value * value));
}
