using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

public sealed class ChatCompletionsTests
{
    private const string Path = "/v1/chat/completions";
    private const string Once = "\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}]";

    [Fact]
    public async Task A_reply_has_OpenAIs_shape()
    {
        await using var scene = await ServerScene.OpenAsync();
        var reply = await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":20,"model":"whatever"}""");
        Assert.Equal("chat.completion", reply.GetProperty("object").GetString());
        Assert.StartsWith("chatcmpl-", reply.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("whatever", reply.GetProperty("model").GetString());
        var choice = reply.GetProperty("choices").EnumerateArray().Single();
        Assert.Equal(0, choice.GetProperty("index").GetInt32());
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        var message = choice.GetProperty("message");
        Assert.Equal(["role", "content", "refusal"], message.EnumerateObject().Select(field => field.Name));
        Assert.Equal(", there was a little girl named Lily. She loved to play outsid", message.GetProperty("content").GetString());
        var usage = reply.GetProperty("usage");
        Assert.Equal((5, 20, 25), (Int(usage, "prompt_tokens"), Int(usage, "completion_tokens"), Int(usage, "total_tokens")));
        Assert.Equal(0, usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
        Assert.Equal(0, usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32());
        Assert.Equal((5, 20), (Int(reply.GetProperty("timings"), "prompt_n"), Int(reply.GetProperty("timings"), "predicted_n")));
    }

    [Fact]
    public async Task A_stream_opens_goes_on_closes_and_tells_usage()
    {
        await using var scene = await ServerScene.OpenAsync();
        var whole = await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":20}""");
        var chunks = await scene.StreamAsync(Path, $$"""{ {{Once}},"max_tokens":20,"stream":true,"stream_options":{"include_usage":true} }""");
        Assert.Single(chunks.Select(chunk => (chunk.GetProperty("id").GetString(), chunk.GetProperty("created").GetInt64(), chunk.GetProperty("object").GetString())).Distinct());
        Assert.Equal("""{"role":"assistant","content":""}""", Delta(chunks[0]).GetRawText());
        Assert.Equal("{}", Delta(chunks[^2]).GetRawText());
        Assert.Equal("length", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(20, Int(chunks[^2].GetProperty("choices")[0].GetProperty("usage"), "completion_tokens"));
        foreach (var chunk in chunks[1..^2])
        {
            Assert.Equal(["content"], Delta(chunk).EnumerateObject().Select(field => field.Name));
            Assert.Equal(JsonValueKind.Null, chunk.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind);
            Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind);
        }

        Assert.Equal(Content(whole), string.Concat(chunks[1..^2].Select(chunk => Delta(chunk).GetProperty("content").GetString())));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.Equal(20, Int(chunks[^1].GetProperty("usage"), "completion_tokens"));
    }

    [Fact]
    public async Task Without_include_usage_no_chunk_has_the_field()
    {
        await using var scene = await ServerScene.OpenAsync();
        var chunks = await scene.StreamAsync(Path, $$"""{ {{Once}},"max_tokens":3,"stream":true}""");
        Assert.All(chunks, chunk => Assert.False(chunk.TryGetProperty("usage", out _)));
        Assert.Equal("length", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Several_choices_come_with_their_indices_streamed_or_not()
    {
        await using var scene = await ServerScene.OpenAsync();
        var body = $$"""{ {{Once}},"max_tokens":12,"n":3,"temperature":1.5,"seed":11""";
        var whole = await scene.AskAsync(Path, body + "}");
        var contents = whole.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()!).ToArray();
        Assert.Equal(3, contents.Distinct().Count());
        var chunks = await scene.StreamAsync(Path, body + ""","stream":true}""");
        for (var i = 0; i < 3; i++)
        {
            var mine = chunks.Select(chunk => chunk.GetProperty("choices")[0]).Where(choice => Int(choice, "index") == i).ToArray();
            Assert.Equal(contents[i], string.Concat(mine.Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : "")));
            Assert.True(mine[0].GetProperty("delta").TryGetProperty("role", out _));
            Assert.Single(mine, choice => choice.GetProperty("finish_reason").ValueKind == JsonValueKind.String);
        }

        Assert.Equal(5, Int(whole.GetProperty("usage"), "prompt_tokens"));
        Assert.Equal(36, Int(whole.GetProperty("usage"), "completion_tokens"));
    }

    [Fact]
    public async Task A_stop_string_is_cut_off()
    {
        await using var scene = await ServerScene.OpenAsync();
        foreach (var stop in (string[])["\"girl\"", "[\"zzz\",\"l nam\"]"])
        {
            var reply = await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":20,"stop":{{stop}}}""");
            Assert.Equal("stop", reply.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
            Assert.Equal(stop[1] == 'g' ? ", there was a little " : ", there was a little gir", Content(reply));
        }
    }

    [Fact]
    public async Task Log_probabilities_name_the_tokens_of_the_text()
    {
        await using var scene = await ServerScene.OpenAsync();
        var body = $$"""{ {{Once}},"max_tokens":8,"logprobs":true,"top_logprobs":2""";
        var choice = (await scene.AskAsync(Path, body + "}")).GetProperty("choices")[0];
        var tokens = choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().ToArray();
        Assert.Equal(8, tokens.Length);
        Assert.Equal(choice.GetProperty("message").GetProperty("content").GetString(), string.Concat(tokens.Select(token => token.GetProperty("token").GetString())));
        Assert.All(tokens, token =>
        {
            Assert.Equal(token.GetProperty("token").GetString(), System.Text.Encoding.UTF8.GetString([.. token.GetProperty("bytes").EnumerateArray().Select(value => value.GetByte())]));
            var top = token.GetProperty("top_logprobs").EnumerateArray().ToArray();
            Assert.Equal(2, top.Length);
            Assert.Equal(token.GetProperty("logprob").GetSingle(), top[0].GetProperty("logprob").GetSingle());
            Assert.True(top[0].GetProperty("logprob").GetSingle() >= top[1].GetProperty("logprob").GetSingle());
        });
        var streamed = await scene.StreamAsync(Path, body + ""","stream":true}""");
        var streamedTokens = streamed.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("logprobs")).Where(one => one.ValueKind == JsonValueKind.Object)
            .SelectMany(one => one.GetProperty("content").EnumerateArray());
        Assert.Equal(tokens.Select(token => token.GetRawText()), streamedTokens.Select(token => token.GetRawText()));
    }

    [Fact]
    public async Task The_same_prompt_again_is_found_in_the_cache()
    {
        await using var scene = await ServerScene.OpenAsync();
        var text = string.Join(' ', Enumerable.Repeat("The little dog ran home.", 8));
        var body = $$"""{"messages":[{"role":"user","content":"{{text}}"}],"max_tokens":4}""";
        var first = await scene.AskAsync(Path, body);
        var second = await scene.AskAsync(Path, body);
        Assert.Equal(Content(first), Content(second));
        Assert.Equal(0, Int(first.GetProperty("usage"), "cached_tokens"));
        Assert.InRange(Int(second.GetProperty("usage"), "cached_tokens"), 32, 128);
    }

    [Theory]
    [InlineData("""{}""", "messages", "a list of messages")]
    [InlineData("""{"messages":"hi"}""", "messages", "a list, found a string")]
    [InlineData("""{"messages":[]}""", "messages", "at least one message")]
    [InlineData("""{"messages":[3]}""", "messages[0]", "an object, found 3")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "messages[0].role", "a string, found nothing")]
    [InlineData("""{"messages":[{"role":"judge","content":"x"}]}""", "messages[0].role", "found another")]
    [InlineData("""{"messages":[{"role":"user","content":5}]}""", "messages[0].content", "a string or a list of parts, found 5")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}""", "messages[0].content[0].type", "no images")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", "temperature", "a number from 0 to 2, found a string")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":3}""", "temperature", "found 3")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n":0}""", "n", "from 1 to 128, found 0")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n":1000}""", "n", "found 1000")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream":"yes"}""", "stream", "true or false")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":[1]}""", "stop[0]", "a string, found 1")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"top_logprobs":21,"logprobs":true}""", "top_logprobs", "found 21")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"x":1}}""", "logit_bias.x", "a token id")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"5":101}}""", "logit_bias.5", "found 101")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}""", "tools[0].function", "found nothing")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tool_choice":"required"}""", "tool_choice", "there are no tools")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"function","function":{"name":"f"}}}""", "tool_choice", "'f'")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}""", "response_format.type", "json_schema")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"much"}""", "reasoning_effort", "medium")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":1.5}""", "max_tokens", "a whole number")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content", "surrogate")]
    public async Task A_wrong_field_is_named(string body, string param, string words)
    {
        await using var scene = await ServerScene.OpenAsync();
        var error = await scene.RefusedAsync(400, Path, body);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Contains(words, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_that_are_no_objects_too_deep_or_too_large_are_refused()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { MaxBodyBytes = 10_000 });
        await scene.RefusedAsync(400, Path, "");
        await scene.RefusedAsync(400, Path, "{\"messages\":");
        await scene.RefusedAsync(400, Path, "[]");
        await scene.RefusedAsync(400, Path, $$"""{"messages":{{new string('[', 100)}}{{new string(']', 100)}}}""");
        await scene.RefusedAsync(413, Path, $$"""{"messages":[{"role":"user","content":"{{new string('x', 10_000)}}"}]}""");
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_has_the_code_that_agents_look_for()
    {
        await using var scene = await ServerScene.OpenAsync();
        var error = await scene.RefusedAsync(400, Path, $$"""{"messages":[{"role":"user","content":"{{string.Join(' ', Enumerable.Repeat("word", 300))}}"}],"stream":true}""");
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Unknown_fields_and_nulls_are_passed_over()
    {
        await using var scene = await ServerScene.OpenAsync();
        var reply = await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":2.0,"max_completion_tokens":null,"user":"u","store":true,"metadata":{},"frobnicate":[1],"temperature":null,"tools":null,"stop":null}""");
        Assert.Equal(2, Int(reply.GetProperty("usage"), "completion_tokens"));
    }

    [Fact]
    public async Task Parts_of_text_belong_together()
    {
        await using var scene = await ServerScene.OpenAsync();
        var parts = await scene.AskAsync(Path, """{"messages":[{"role":"user","content":[{"type":"text","text":"Once upon "},{"type":"text","text":"a time"}]}],"max_completion_tokens":6}""");
        Assert.Equal(Content(await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":6}""")), Content(parts));
    }

    [Fact]
    public async Task A_partial_message_is_gone_on_with_and_not_repeated()
    {
        await using var scene = await ServerScene.OpenAsync();
        var reply = await scene.AskAsync(Path, """{"messages":[{"role":"user","content":"Once upon"},{"role":"assistant","content":" a time","partial":true}],"max_tokens":6}""");
        Assert.Equal(Content(await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":6}""")), Content(reply));
    }

    [Fact]
    public async Task A_partial_message_of_a_chat_family_leaves_its_turn_open()
    {
        await using var scene = await ServerScene.OpenAsync(template: "chatml");
        var reply = await scene.AskAsync("/apply-template", """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello","partial":true}]}""");
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello", reply.GetProperty("prompt").GetString());
    }

    [Fact]
    public async Task Of_several_models_an_unknown_one_is_not_found()
    {
        await using var scene = await ServerScene.OpenAsync(models: 2);
        var error = await scene.RefusedAsync(404, Path, $$"""{ {{Once}},"model":"other"}""");
        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
        await scene.AskAsync(Path, $$"""{ {{Once}},"model":"tiny-1","max_tokens":1}""");
    }

    [Fact]
    public async Task Tools_that_the_template_cannot_write_are_refused()
    {
        await using var scene = await ServerScene.OpenAsync();
        const string tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}]";
        var error = await scene.RefusedAsync(400, Path, $$"""{ {{Once}},{{tools}}}""");
        Assert.Contains("plain", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        await scene.AskAsync(Path, $$"""{ {{Once}},{{tools}},"tool_choice":"none","max_tokens":1}""");
    }

    [Fact]
    public async Task Silence_is_filled_with_comments()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { PingInterval = TimeSpan.FromMilliseconds(1) });
        using var gate = scene.HoldFirstStep();
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent($$"""{ {{Once}},"max_tokens":2,"stream":true}""") };
        using var response = await scene.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal(": ping", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        gate.Set();
        Assert.EndsWith("data: [DONE]\n\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_progress_of_the_prompt_is_told_to_who_asks()
    {
        await using var scene = await ServerScene.OpenAsync();
        var chunks = await scene.StreamAsync(Path, $$"""{ {{Once}},"max_tokens":2,"stream":true,"return_progress":true}""");
        var progress = chunks.Single(chunk => chunk.TryGetProperty("prompt_progress", out _)).GetProperty("prompt_progress");
        Assert.Equal((5, 0, 5), (Int(progress, "total"), Int(progress, "cache"), Int(progress, "processed")));
    }

    private static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");

    private static string Content(JsonElement reply) => reply.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    private static int Int(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
