using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

public sealed class CompletionsTests
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task Every_form_of_prompt_has_its_choices_in_order()
    {
        await using var scene = await ServerScene.OpenAsync();
        var text = await scene.AskAsync(Path, """{"prompt":"Once upon a time","max_tokens":6}""");
        var ids = $"[{string.Join(',', (int[])[scene.Tokenizer.BosId!.Value, .. scene.Tokenizer.Encode("Once upon a time")])}]";
        Assert.Equal("text_completion", text.GetProperty("object").GetString());
        Assert.Equal(Texts(text), Texts(await scene.AskAsync(Path, $$"""{"prompt":{{ids}},"max_tokens":6}""")));
        var many = await scene.AskAsync(Path, $$"""{"prompt":[{{ids}},"The dog","Once upon a time"],"max_tokens":6,"n":2}""");
        Assert.Equal(Enumerable.Range(0, 6), many.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        var dog = Texts(await scene.AskAsync(Path, """{"prompt":"The dog","max_tokens":6}"""))[0];
        var once = Texts(text)[0];
        Assert.Equal([once, once, dog, dog, once, once], Texts(many));
    }

    [Fact]
    public async Task An_echo_scores_the_prompt_as_evaluation_harnesses_expect()
    {
        await using var scene = await ServerScene.OpenAsync();
        int[] ids = [scene.Tokenizer.BosId!.Value, .. scene.Tokenizer.Encode("Once upon a time there was")];
        var choice = (await scene.AskAsync(Path, $$"""{"prompt":[[{{string.Join(',', ids)}}]],"max_tokens":1,"logprobs":1,"echo":true,"temperature":0}""")).GetProperty("choices")[0];
        var logprobs = choice.GetProperty("logprobs");
        var scores = logprobs.GetProperty("token_logprobs").EnumerateArray().ToArray();
        var top = logprobs.GetProperty("top_logprobs").EnumerateArray().ToArray();
        Assert.Equal(ids.Length + 1, scores.Length);
        Assert.Equal(ids.Length + 1, top.Length);
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (scores[0].ValueKind, top[0].ValueKind));
        for (var i = 1; i < scores.Length; i++)
        {
            Assert.True(scores[i].GetSingle() <= 0);
            Assert.True(top[i].EnumerateObject().Max(entry => entry.Value.GetSingle()) >= scores[i].GetSingle());
        }

        // The one generated token is the likeliest.
        Assert.Equal(scores[^1].GetSingle(), top[^1].EnumerateObject().Max(entry => entry.Value.GetSingle()));
        Assert.StartsWith("Once upon a time there was", choice.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, logprobs.GetProperty("text_offset")[1].GetInt32());

        // Scored beside others and from a cache that holds the prompt, the figures are the same.
        var again = await scene.AskAsync(Path, $$"""{"prompt":[[{{string.Join(',', ids)}}],"The dog"],"max_tokens":1,"logprobs":1,"echo":true,"temperature":0}""");
        Assert.Equal(logprobs.GetRawText(), again.GetProperty("choices")[0].GetProperty("logprobs").GetRawText());
    }

    [Fact]
    public async Task Scoring_alone_adds_nothing_to_the_prompt()
    {
        await using var scene = await ServerScene.OpenAsync();
        var choice = (await scene.AskAsync(Path, """{"prompt":"Once upon","max_tokens":0,"logprobs":0,"echo":true}""")).GetProperty("choices")[0];
        Assert.Equal("Once upon", choice.GetProperty("text").GetString());
        Assert.Equal(3, choice.GetProperty("logprobs").GetProperty("tokens").GetArrayLength());
    }

    [Fact]
    public async Task A_stream_equals_the_whole()
    {
        await using var scene = await ServerScene.OpenAsync();
        const string body = """{"prompt":["Once upon a time","The dog"],"max_tokens":10,"echo":true,"logprobs":2,"n":2,"temperature":1,"seed":3""";
        var whole = await scene.AskAsync(Path, body + "}");
        var chunks = await scene.StreamAsync(Path, body + ""","stream":true,"stream_options":{"include_usage":true}}""");
        foreach (var choice in whole.GetProperty("choices").EnumerateArray())
        {
            var index = choice.GetProperty("index").GetInt32();
            var mine = chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Where(one => one.GetProperty("index").GetInt32() == index).ToArray();
            Assert.Equal(choice.GetProperty("text").GetString(), string.Concat(mine.Select(one => one.GetProperty("text").GetString())));
            Assert.Equal(Entries(choice, "tokens"), mine.SelectMany(one => Entries(one, "tokens")));
            Assert.Equal(Entries(choice, "token_logprobs"), mine.SelectMany(one => Entries(one, "token_logprobs")));
        }

        Assert.Equal(whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());

        static IEnumerable<string> Entries(JsonElement choice, string name) =>
            choice.GetProperty("logprobs") is { ValueKind: JsonValueKind.Object } logprobs ? logprobs.GetProperty(name).EnumerateArray().Select(entry => entry.GetRawText()) : [];
    }

    [Theory]
    [InlineData("""{}""", "prompt")]
    [InlineData("""{"prompt":[]}""", "prompt")]
    [InlineData("""{"prompt":{}}""", "prompt")]
    [InlineData("""{"prompt":[[1,"x"]]}""", "prompt[0][1]")]
    [InlineData("""{"prompt":[[1,-1]]}""", "prompt[0][1]")]
    [InlineData("""{"prompt":"x","best_of":2}""", "best_of")]
    [InlineData("""{"prompt":"x","suffix":"y"}""", "suffix")]
    [InlineData("""{"prompt":"x","logprobs":100}""", "logprobs")]
    public async Task A_wrong_field_is_named(string body, string param)
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Equal(param, (await scene.RefusedAsync(400, Path, body)).GetProperty("param").GetString());
    }

    [Fact]
    public async Task An_id_outside_the_vocabulary_is_refused()
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Contains("100000", (await scene.RefusedAsync(400, Path, """{"prompt":[1,100000]}""")).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static string[] Texts(JsonElement reply) => [.. reply.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];
}
