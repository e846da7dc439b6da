using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Ollama;

public sealed class OllamaEmbeddingsTests
{
    [Fact]
    public async Task They_are_those_of_OpenAIs_endpoint()
    {
        await using var scene = await ServerScene.OpenAsync();
        var expected = (await scene.AskAsync("/v1/embeddings", """{"input":["Once upon a time","The dog"]}""")).GetProperty("data").EnumerateArray().Select(item => Floats(item.GetProperty("embedding"))).ToArray();
        var both = await scene.AskAsync("/api/embed", """{"model":"m:latest","input":["Once upon a time","The dog"]}""");
        Assert.Equal("m:latest", both.Text("model"));
        Assert.Equal(expected, both.GetProperty("embeddings").EnumerateArray().Select(Floats));
        Assert.Equal(5 + 1 + scene.Tokenizer.Encode("The dog").Length, both.Int("prompt_eval_count"));
        Assert.InRange(both.GetProperty("total_duration").GetInt64(), 1, 600_000_000_000);
        Assert.Equal(expected[1], Floats((await scene.AskAsync("/api/embed", """{"model":"m","input":"The dog"}""")).GetProperty("embeddings")[0]));
        Assert.Equal(expected[1], Floats((await scene.AskAsync("/api/embeddings", """{"model":"m","prompt":"The dog"}""")).GetProperty("embedding")));
        Assert.Equal(8, (await scene.AskAsync("/api/embed", """{"model":"m","input":"The dog","dimensions":8}""")).GetProperty("embeddings")[0].GetArrayLength());
    }

    [Fact]
    public async Task A_request_for_none_loads_the_model()
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Empty((await scene.AskAsync("/api/embed", """{"model":"m","input":[]}""")).GetProperty("embeddings").EnumerateArray());
        Assert.Empty((await scene.AskAsync("/api/embeddings", """{"model":"m","prompt":""}""")).GetProperty("embedding").EnumerateArray());
    }

    [Fact]
    public async Task A_text_longer_than_the_context_is_cut_off_unless_that_is_refused()
    {
        await using var scene = await ServerScene.OpenAsync();
        var text = string.Concat(Enumerable.Repeat("The dog ", 200));
        var cut = await scene.AskAsync("/api/embed", $$"""{"model":"m","input":"{{text}}"}""");
        Assert.Equal(127, cut.Int("prompt_eval_count"));
        int[] ids = [scene.Tokenizer.BosId!.Value, .. scene.Tokenizer.Encode(text)];
        var expected = await scene.AskAsync("/v1/embeddings", $$"""{"input":[{{string.Join(',', ids[..127])}}]}""");
        Assert.Equal(Floats(expected.GetProperty("data")[0].GetProperty("embedding")), Floats(cut.GetProperty("embeddings")[0]));
        Assert.Contains("context length", (await scene.FailedAsync(400, "/api/embed", $$"""{"model":"m","input":"{{text}}","truncate":false}""")).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_field_is_named()
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Contains("model:", (await scene.FailedAsync(400, "/api/embed", """{"input":"x"}""")).Text("error"), StringComparison.Ordinal);
        Assert.Contains("input:", (await scene.FailedAsync(400, "/api/embed", """{"model":"m"}""")).Text("error"), StringComparison.Ordinal);
        Assert.Contains("prompt:", (await scene.FailedAsync(400, "/api/embeddings", """{"model":"m","prompt":1}""")).Text("error"), StringComparison.Ordinal);
    }

    private static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetSingle())];
}
