using System.Net.Http.Headers;
using System.Text.Json;
using Crescent.Server.Security;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Responses;

public sealed class ResponsesTests
{
    private const string Path = "/v1/responses";
    private const string Once = "\"model\":\"m\",\"input\":\"Once upon a time\"";
    private const string Story = ", there was a little girl named Lily. She loved to play outsid";

    [Fact]
    public async Task A_reply_has_the_shape_of_responses()
    {
        await using var scene = await ServerScene.OpenAsync();
        var reply = await scene.AskAsync(Path, $$"""{ {{Once}},"max_output_tokens":20,"metadata":{"a":"b"},"temperature":0}""");
        Assert.StartsWith("resp_", reply.Text("id"), StringComparison.Ordinal);
        Assert.Equal(("response", "incomplete", "m"), (reply.Text("object"), reply.Text("status"), reply.Text("model")));
        Assert.Equal("""{"reason":"max_output_tokens"}""", reply.GetProperty("incomplete_details").GetRawText());
        Assert.Equal("""{"a":"b"}""", reply.GetProperty("metadata").GetRawText());
        var item = Assert.Single(reply.GetProperty("output").EnumerateArray());
        Assert.Equal(("message", "assistant", "incomplete"), (item.Type(), item.Text("role"), item.Text("status")));
        Assert.Equal($$"""[{"type":"output_text","text":"{{Story}}","annotations":[],"logprobs":[]}]""", item.GetProperty("content").GetRawText());
        Assert.Equal(
            """{"input_tokens":5,"input_tokens_details":{"cached_tokens":0},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":25}""",
            reply.GetProperty("usage").GetRawText());
        string[] required = ["created_at", "error", "instructions", "max_output_tokens", "parallel_tool_calls", "previous_response_id", "reasoning", "store", "temperature", "text", "tool_choice", "tools", "top_p", "truncation"];
        Assert.All(required, name => Assert.True(reply.TryGetProperty(name, out _), name));
    }

    [Fact]
    public async Task A_stream_numbers_its_events_and_ends_with_the_whole()
    {
        await using var scene = await ServerScene.OpenAsync();
        var events = await scene.EventsAsync(Path, $$"""{ {{Once}},"max_output_tokens":20,"stream":true}""");
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(one => one.Int("sequence_number")));
        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.incomplete",
            ],
            events.Select(one => one.Type()).Where((type, index) => index == 0 || type != events[index - 1].Type()));
        Assert.Equal(Story, string.Concat(events.Where(one => one.Type() == "response.output_text.delta").Select(one => one.Text("delta"))));
        var whole = events[^1].GetProperty("response");
        Assert.Equal(Story, whole.GetProperty("output")[0].GetProperty("content")[0].Text("text"));
        Assert.Equal(events[^2].GetProperty("item").GetRawText(), whole.GetProperty("output")[0].GetRawText());
        Assert.Single(events.Where(one => one.TryGetProperty("item_id", out _)).Select(one => one.Text("item_id")).Append(whole.GetProperty("output")[0].Text("id")).Distinct());
        Assert.Equal(whole.GetRawText(), (await scene.GetAsync($"{Path}/{whole.Text("id")}")).GetRawText());
    }

    [Fact]
    public async Task A_response_goes_on_from_the_one_before()
    {
        await using var scene = await ServerScene.OpenAsync(template: "chatml");
        var first = await scene.AskAsync(Path, """{"input":"Once upon a time","instructions":"Tell","max_output_tokens":6}""");
        var text = first.GetProperty("output")[0].GetProperty("content")[0].Text("text")!;
        var next = await scene.AskAsync(Path, $$"""{"input":[{"role":"user","content":[{"type":"input_text","text":"On"}]}],"max_output_tokens":6,"previous_response_id":"{{first.Text("id")}}"}""");
        var messages = JsonSerializer.Serialize(new[] { new { role = "user", content = "Once upon a time" }, new { role = "assistant", content = text }, new { role = "user", content = "On" } });
        var chat = await scene.AskAsync("/v1/chat/completions", $$"""{"messages":{{messages}},"max_tokens":6}""");
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("message").Text("content"), next.GetProperty("output")[0].GetProperty("content")[0].Text("text"));
        Assert.Equal(chat.GetProperty("usage").Int("prompt_tokens"), next.GetProperty("usage").Int("input_tokens"));
        Assert.Equal(first.Text("id"), next.Text("previous_response_id"));
    }

    [Fact]
    public async Task A_response_is_kept_until_it_is_deleted_or_not_at_all()
    {
        await using var scene = await ServerScene.OpenAsync();
        var unkept = (await scene.AskAsync(Path, $$"""{ {{Once}},"max_output_tokens":2,"store":false}""")).Text("id");
        var kept = (await scene.AskAsync(Path, $$"""{ {{Once}},"max_output_tokens":2}""")).Text("id");
        Assert.Equal("previous_response_not_found", (await scene.RefusedAsync(400, Path, $$"""{ {{Once}},"previous_response_id":"{{unkept}}"}""")).Text("code"));
        using (var deleted = await scene.Http.DeleteAsync($"{Path}/{kept}", TestContext.Current.CancellationToken))
        {
            Assert.Equal($$"""{"id":"{{kept}}","object":"response","deleted":true}""", await deleted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        foreach (var id in (string?[])[unkept, kept])
        {
            using var missing = await scene.Http.GetAsync($"{Path}/{id}", TestContext.Current.CancellationToken);
            Assert.Equal(404, (int)missing.StatusCode);
        }
    }

    [Fact]
    public async Task A_response_belongs_to_its_key()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Keys = new ApiKeys(["alpha", "beta"]) });
        scene.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "alpha");
        var id = (await scene.AskAsync(Path, $$"""{ {{Once}},"max_output_tokens":2}""")).Text("id");
        Assert.Equal(id, (await scene.GetAsync($"{Path}/{id}")).Text("id"));
        scene.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "beta");
        using var response = await scene.Http.GetAsync($"{Path}/{id}", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Equal("previous_response_not_found", (await scene.RefusedAsync(400, Path, $$"""{ {{Once}},"previous_response_id":"{{id}}"}""")).Text("code"));
    }

    [Fact]
    public async Task Tokens_are_counted()
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Equal("""{"object":"response.input_tokens","input_tokens":5}""", (await scene.AskAsync("/v1/responses/input_tokens", $$"""{ {{Once}} }""")).GetRawText());
    }

    [Theory]
    [InlineData("""{}""", "input", "found nothing")]
    [InlineData("""{"input":5}""", "input", "a string or a list of items, found 5")]
    [InlineData("""{"input":[]}""", "input", "at least one item")]
    [InlineData("""{"input":[{"type":"file_search_call"}]}""", "input[0].type", "found another")]
    [InlineData("""{"input":[{"type":"function_call_output","call_id":"a"}]}""", "input[0].output", "found nothing")]
    [InlineData("""{"input":[{"type":"function_call","name":"f"}]}""", "input[0].call_id", "found nothing")]
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_image"}]}]}""", "input[0].content[0].type", "no images")]
    [InlineData("""{"input":"x","max_output_tokens":0}""", "max_output_tokens", "found 0")]
    [InlineData("""{"input":"x","tools":[{"type":"code_interpreter"}]}""", "tools[0].type", "expected function")]
    [InlineData("""{"input":"x","tools":[{"type":"function"}]}""", "tools[0].name", "found nothing")]
    [InlineData("""{"input":"x","reasoning":{"effort":"much"}}""", "reasoning.effort", "medium")]
    [InlineData("""{"input":"x","text":{"format":{"type":"xml"}}}""", "text.format.type", "json_schema")]
    [InlineData("""{"input":"x","background":true}""", "background", "while the client waits")]
    [InlineData("""{"input":"x","conversation":"conv_1"}""", "conversation", "keeps no such")]
    [InlineData("""{"input":"x","include":[1]}""", "include", "a string, found 1")]
    public async Task A_wrong_field_is_named(string body, string param, string words)
    {
        await using var scene = await ServerScene.OpenAsync();
        var error = await scene.RefusedAsync(400, Path, body);
        Assert.Equal(param, error.Text("param"));
        Assert.Contains(words, error.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_has_its_code()
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Equal("context_length_exceeded", (await scene.RefusedAsync(400, Path, $$"""{"input":"{{string.Join(' ', Enumerable.Repeat("word", 300))}}","stream":true}""")).Text("code"));
    }

    [Fact]
    public Task A_stream_that_fails_says_so() => BusyScene.RunAsync(async scene =>
    {
        var failed = Assert.Single(await scene.EventsAsync(Path, $$"""{ {{Once}},"stream":true}"""));
        Assert.Equal(("response.failed", 0), (failed.Type(), failed.Int("sequence_number")));
        Assert.Equal(("failed", "queue_timeout"), (failed.GetProperty("response").Text("status"), failed.GetProperty("response").GetProperty("error").Text("code")));
    });
}
