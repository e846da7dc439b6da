using System.Text.Json;
using Crescent.Server.Security;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Anthropic;

public sealed class MessagesTests
{
    private const string Path = "/v1/messages";
    private const string Once = "\"model\":\"claude\",\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}]";
    private const string Story = ", there was a little girl named Lily. She loved to play outsid";

    [Fact]
    public async Task A_reply_has_Anthropics_shape()
    {
        await using var scene = await ServerScene.OpenAsync();
        var reply = await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":20}""");
        Assert.Equal(["type", "role", "id", "model", "content", "stop_reason", "stop_sequence", "usage"], reply.EnumerateObject().Select(field => field.Name));
        Assert.StartsWith("msg_", reply.Text("id"), StringComparison.Ordinal);
        Assert.Equal(("message", "assistant", "claude", "max_tokens"), (reply.Type(), reply.Text("role"), reply.Text("model"), reply.Text("stop_reason")));
        Assert.Equal(JsonValueKind.Null, reply.GetProperty("stop_sequence").ValueKind);
        Assert.Equal($$"""[{"type":"text","text":"{{Story}}"}]""", reply.GetProperty("content").GetRawText());
        Assert.Equal("""{"input_tokens":5,"output_tokens":20,"cache_read_input_tokens":0,"cache_creation_input_tokens":0}""", reply.GetProperty("usage").GetRawText());
    }

    [Fact]
    public async Task A_stream_has_Anthropics_events_in_their_order()
    {
        await using var scene = await ServerScene.OpenAsync();
        var events = await scene.EventsAsync(Path, $$"""{ {{Once}},"max_tokens":20,"stream":true}""");
        Assert.Equal(
            ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"],
            events.Select(one => one.Type()).Where((type, index) => index == 0 || type != events[index - 1].Type()));
        var start = events[0].GetProperty("message");
        Assert.Equal("[]", start.GetProperty("content").GetRawText());
        Assert.Equal(JsonValueKind.Null, start.GetProperty("stop_reason").ValueKind);
        Assert.Equal(5, start.GetProperty("usage").Int("input_tokens"));
        Assert.Equal("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""", events[1].GetRawText());
        Assert.Equal(Story, string.Concat(events.Where(one => one.Type() == "content_block_delta").Select(one => one.GetProperty("delta").Text("text"))));
        Assert.Equal("""{"stop_reason":"max_tokens","stop_sequence":null}""", events[^2].GetProperty("delta").GetRawText());
        Assert.Equal(20, events[^2].GetProperty("usage").Int("output_tokens"));
        Assert.Equal("""{"type":"message_stop"}""", events[^1].GetRawText());
    }

    [Fact]
    public async Task A_stop_sequence_is_cut_off_and_named()
    {
        await using var scene = await ServerScene.OpenAsync();
        var reply = await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":20,"stop_sequences":["zzz","girl"]}""");
        Assert.Equal(("stop_sequence", "girl", ", there was a little "), (reply.Text("stop_reason"), reply.Text("stop_sequence"), reply.GetProperty("content")[0].Text("text")));
    }

    [Fact]
    public async Task The_end_of_the_context_is_told_apart_from_the_most_tokens()
    {
        await using var scene = await ServerScene.OpenAsync(engine: options => options with { Context = 12 });
        var reply = await scene.AskAsync(Path, $$"""{ {{Once}},"max_tokens":100}""");
        Assert.Equal("model_context_window_exceeded", reply.Text("stop_reason"));
    }

    [Fact]
    public async Task An_answer_that_is_begun_is_gone_on_with()
    {
        await using var scene = await ServerScene.OpenAsync(template: "chatml");
        const string messages = """[{"role":"user","content":"Tell"},{"role":"assistant","content":"Once upon a time""";
        var reply = await scene.AskAsync(Path, $$"""{"model":"m","max_tokens":8,"messages":{{messages}}"}]}""");
        var openAi = await scene.AskAsync("/v1/chat/completions", $$"""{"max_tokens":8,"messages":{{messages}}","partial":true}]}""");
        Assert.Equal(openAi.GetProperty("choices")[0].GetProperty("message").Text("content"), reply.GetProperty("content")[0].Text("text"));
        Assert.Equal(openAi.GetProperty("usage").Int("prompt_tokens"), reply.GetProperty("usage").Int("input_tokens"));
    }

    [Fact]
    public async Task What_the_cache_had_is_counted_apart()
    {
        await using var scene = await ServerScene.OpenAsync();
        var body = $$"""{"model":"m","max_tokens":4,"messages":[{"role":"user","content":"{{string.Join(' ', Enumerable.Repeat("The little dog ran home.", 8))}}"}]}""";
        var first = (await scene.AskAsync(Path, body)).GetProperty("usage");
        var second = (await scene.EventsAsync(Path, body[..^1] + ",\"stream\":true}"))[0].GetProperty("message").GetProperty("usage");
        Assert.InRange(second.Int("cache_read_input_tokens"), 32, 128);
        Assert.Equal(first.Int("input_tokens"), second.Int("input_tokens") + second.Int("cache_read_input_tokens"));
    }

    [Fact]
    public async Task Models_are_listed_as_Anthropics_clients_expect()
    {
        await using var scene = await ServerScene.OpenAsync(models: 2);
        Assert.Equal("list", (await scene.GetAsync("/v1/models")).Text("object"));
        scene.Http.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");
        Assert.Equal(
            """{"data":[{"type":"model","id":"tiny","display_name":"tiny","created_at":"1970-01-01T00:00:00+00:00"},{"type":"model","id":"tiny-1","display_name":"tiny-1","created_at":"1970-01-01T00:00:00+00:00"}],"first_id":"tiny","last_id":"tiny-1","has_more":false}""",
            (await scene.GetAsync("/v1/models")).GetRawText());
        Assert.Equal("tiny-1", (await scene.GetAsync("/v1/models/tiny-1")).Text("display_name"));
        using var missing = await scene.Http.GetAsync("/v1/models/none", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)missing.StatusCode);
        Assert.Contains("\"not_found_error\"", await missing.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_counted()
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Equal("""{"input_tokens":5}""", (await scene.AskAsync("/v1/messages/count_tokens", $$"""{ {{Once}} }""")).GetRawText());
        Assert.Equal("error", (await scene.FailedAsync(400, "/v1/messages/count_tokens", "{}")).Type());
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":1}""", "model: expected a string")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}]}""", "max_tokens: expected a whole number from 1, found nothing")]
    [InlineData("""{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}""", "max_tokens: expected a whole number from 1, found 0")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[]}""", "messages: expected at least one")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user"}]}""", "messages[0].content: expected a string or a list of blocks, found nothing")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]}""", "messages[0].role: expected user")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}""", "messages[0].content[0].type: expected a block of text")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]}""", "messages[0].content[0].tool_use_id")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}]}""", "messages: expected a tool_result")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"system":7}""", "system: expected a string or a list of blocks, found 7")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tools":[{"type":"bash_20250124","name":"bash"}]}""", "tools[0].type: expected custom")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"any"}}""", "tool_choice: a call is required")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"tool","name":"f"}}""", "tool_choice.name: expected the name of one of the tools, found 'f'")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"thinking":{"type":"maybe"}}""", "thinking.type")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"stop_sequences":[3]}""", "stop_sequences[0]: expected a string, found 3")]
    [InlineData("""{"model":"m",""", "the body is not JSON")]
    public async Task A_wrong_field_is_named_in_Anthropics_shape(string body, string words)
    {
        await using var scene = await ServerScene.OpenAsync(template: "kimi-k2");
        var error = await scene.FailedAsync(400, Path, body);
        Assert.Equal(["type", "error", "request_id"], error.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("error", "invalid_request_error"), (error.Type(), error.GetProperty("error").Type()));
        Assert.Contains(words, error.GetProperty("error").Text("message"), StringComparison.Ordinal);
        Assert.StartsWith("req_", error.Text("request_id"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_has_the_words_that_agents_look_for()
    {
        await using var scene = await ServerScene.OpenAsync();
        var error = await scene.FailedAsync(400, Path, $$"""{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"{{string.Join(' ', Enumerable.Repeat("word", 300))}}"}]}""");
        Assert.StartsWith("prompt is too long", error.GetProperty("error").Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_models_and_sizes_have_Anthropics_errors()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Keys = new ApiKeys(["alpha"]), MaxBodyBytes = 1000 }, models: 2);
        Assert.Equal("authentication_error", (await scene.FailedAsync(401, Path, "{}")).GetProperty("error").Type());
        scene.Http.DefaultRequestHeaders.Add("x-api-key", "beta");
        Assert.Equal("authentication_error", (await scene.FailedAsync(401, Path, "{}")).GetProperty("error").Type());
        scene.Http.DefaultRequestHeaders.Remove("x-api-key");
        scene.Http.DefaultRequestHeaders.Add("x-api-key", "alpha");
        Assert.Equal("not_found_error", (await scene.FailedAsync(404, Path, $$"""{ {{Once}},"max_tokens":1}""")).GetProperty("error").Type());
        Assert.Equal("request_too_large", (await scene.FailedAsync(413, Path, new string(' ', 1001))).GetProperty("error").Type());
        Assert.Equal("message", (await scene.AskAsync(Path, $$"""{"model":"tiny-1","max_tokens":1,"messages":[{"role":"user","content":"x"}]}""")).Type());
        scene.Http.DefaultRequestHeaders.Remove("x-api-key");
        scene.Http.DefaultRequestHeaders.Add("Authorization", "Bearer alpha");
        Assert.Equal("message", (await scene.AskAsync(Path, $$"""{"model":"tiny","max_tokens":1,"messages":[{"role":"user","content":"x"}]}""")).Type());
    }

    [Fact]
    public Task A_server_without_a_place_is_overloaded_and_says_so_in_a_stream_too() => BusyScene.RunAsync(async scene =>
    {
        Assert.Equal("overloaded_error", (await scene.FailedAsync(529, Path, $$"""{ {{Once}},"max_tokens":1}""")).GetProperty("error").Type());
        var events = await scene.EventsAsync(Path, $$"""{ {{Once}},"max_tokens":1,"stream":true}""");
        Assert.Equal("error", Assert.Single(events).Type());
        Assert.Equal("overloaded_error", events[0].GetProperty("error").Type());
    });
}
