using Crescent.Server.Security;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Ollama;

public sealed class OllamaTests
{
    private const string Chat = "/api/chat";
    private const string Generate = "/api/generate";
    private const string Once = "\"model\":\"m:latest\",\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"options\":{\"num_predict\":20}";
    private const string Story = ", there was a little girl named Lily. She loved to play outsid";

    [Fact]
    public async Task A_chat_is_a_stream_of_lines_unless_told_otherwise()
    {
        await using var scene = await ServerScene.OpenAsync();
        var lines = await scene.LinesAsync(Chat, $$"""{ {{Once}} }""");
        Assert.All(lines, line => Assert.Equal("m:latest", line.Text("model")));
        Assert.All(lines[..^1], line => Assert.Equal(["model", "created_at", "message", "done"], line.EnumerateObject().Select(field => field.Name)));
        Assert.All(lines[..^1], line => Assert.False(line.GetProperty("done").GetBoolean()));
        Assert.Equal(Story, string.Concat(lines.Select(line => line.GetProperty("message").Text("content"))));
        var last = lines[^1];
        Assert.Equal((true, "length", 5, 20), (last.GetProperty("done").GetBoolean(), last.Text("done_reason"), last.Int("prompt_eval_count"), last.Int("eval_count")));
        var (prompt, answer, wait) = (Nanoseconds("prompt_eval_duration"), Nanoseconds("eval_duration"), Nanoseconds("load_duration"));
        Assert.InRange(prompt, 1_000, 600_000_000_000);
        Assert.Equal(Nanoseconds("total_duration"), prompt + answer + wait);
        var whole = await scene.AskAsync(Chat, $$"""{ {{Once}},"stream":false}""");
        Assert.Equal($$"""{"role":"assistant","content":"{{Story}}"}""", whole.GetProperty("message").GetRawText());
        Assert.Equal((true, "length"), (whole.GetProperty("done").GetBoolean(), whole.Text("done_reason")));

        long Nanoseconds(string name) => last.GetProperty(name).GetInt64();
    }

    [Fact]
    public async Task Generate_answers_a_prompt_with_or_without_the_template()
    {
        await using var scene = await ServerScene.OpenAsync(template: "chatml");
        var raw = await scene.AskAsync(Generate, """{"model":"m","prompt":"Once upon a time","raw":true,"stream":false,"options":{"num_predict":20}}""");
        Assert.Equal(Story, raw.Text("response"));
        Assert.Equal(5, raw.Int("prompt_eval_count"));
        var rendered = await scene.AskAsync(Generate, """{"model":"m","prompt":"Hi","system":"Be brief","stream":false,"options":{"num_predict":20,"stop":["."]}}""");
        var chat = await scene.AskAsync("/v1/chat/completions", """{"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}],"max_tokens":20,"stop":"."}""");
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("message").Text("content"), rendered.Text("response"));
        Assert.Equal(chat.GetProperty("usage").Int("prompt_tokens"), rendered.Int("prompt_eval_count"));
        Assert.Equal(Story, string.Concat((await scene.LinesAsync(Generate, """{"model":"m","prompt":"Once upon a time","raw":true,"options":{"num_predict":20}}""")).Select(line => line.Text("response"))));
    }

    [Theory]
    [InlineData(Chat, """{"model":"m"}""")]
    [InlineData(Chat, """{"model":"m","messages":[]}""")]
    [InlineData(Generate, """{"model":"m","keep_alive":-1}""")]
    public async Task A_request_with_nothing_to_answer_loads_the_model(string path, string body)
    {
        await using var scene = await ServerScene.OpenAsync();
        var reply = await scene.AskAsync(path, body);
        Assert.Equal((true, "load"), (reply.GetProperty("done").GetBoolean(), reply.Text("done_reason")));
    }

    [Fact]
    public async Task Models_are_listed_and_told_of()
    {
        await using var scene = await ServerScene.OpenAsync(template: "kimi-k2", models: 2);
        var models = (await scene.GetAsync("/api/tags")).GetProperty("models").EnumerateArray().ToArray();
        Assert.Equal(["tiny", "tiny-1"], models.Select(model => model.Text("name")));
        Assert.Equal(64, models[0].Text("digest")!.Length);
        Assert.Equal(("gguf", "llama"), (models[0].GetProperty("details").Text("format"), models[0].GetProperty("details").Text("family")));
        var running = (await scene.GetAsync("/api/ps")).GetProperty("models")[0];
        Assert.Equal((0, 128), (running.Int("size_vram"), running.Int("context_length")));
        Assert.True(running.GetProperty("expires_at").GetDateTimeOffset() > DateTimeOffset.UtcNow);
        foreach (var body in (string[])["""{"model":"tiny-1:latest"}""", """{"name":"tiny"}"""])
        {
            var show = await scene.AskAsync("/api/show", body);
            Assert.Equal("llama", show.GetProperty("model_info").Text("general.architecture"));
            Assert.Equal(512, show.GetProperty("model_info").Int("llama.vocab_size"));
            Assert.Equal(["completion", "tools"], show.GetProperty("capabilities").EnumerateArray().Select(one => one.GetString()));
        }

        Assert.Matches(@"^\d+\.\d+\.\d+$", (await scene.GetAsync("/api/version")).Text("version"));
    }

    [Theory]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"x"}]}""", "model: expected a string")]
    [InlineData(Chat, """{"model":"m","messages":[{"role":"user","content":"x","images":["aGk="]}]}""", "messages[0].images: this model reads no images")]
    [InlineData(Chat, """{"model":"m","messages":[{"role":"user","content":"x"}],"options":{"temperature":9}}""", "options.temperature: expected a number from 0 to 2, found 9")]
    [InlineData(Chat, """{"model":"m","messages":[{"role":"user","content":"x"}],"options":{"num_predict":-3}}""", "options.num_predict")]
    [InlineData(Chat, """{"model":"m","messages":[{"role":"user","content":"x"}],"think":"much"}""", "think: expected none")]
    [InlineData(Chat, """{"model":"m","messages":[{"role":"user","content":"x"}],"format":"xml"}""", "format: expected json")]
    [InlineData(Generate, """{"model":"m","prompt":"x","suffix":"y"}""", "suffix:")]
    public async Task A_wrong_field_is_named_in_Ollamas_shape(string path, string body, string words)
    {
        await using var scene = await ServerScene.OpenAsync();
        var error = await scene.FailedAsync(400, path, body);
        Assert.Contains(words, Assert.Single(error.EnumerateObject()).Value.GetString(), StringComparison.Ordinal);
        Assert.NotNull(error.Text("error"));
    }

    [Fact]
    public async Task What_is_not_there_has_a_clear_error()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Keys = new ApiKeys(["alpha"]) }, models: 2);
        Assert.Contains("API key", (await scene.FailedAsync(401, Chat, "{}")).Text("error"), StringComparison.Ordinal);
        scene.Http.DefaultRequestHeaders.Add("Authorization", "Bearer alpha");
        Assert.Equal("model 'm:latest' not found", (await scene.FailedAsync(404, Chat, $$"""{ {{Once}} }""")).Text("error"));
        Assert.Equal("model 'nope' not found", (await scene.FailedAsync(404, "/api/show", """{"model":"nope"}""")).Text("error"));
        Assert.Contains("no such endpoint: POST /api/pull", (await scene.FailedAsync(404, "/api/pull", "{}")).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public Task A_server_without_a_place_says_so() => BusyScene.RunAsync(async scene =>
        Assert.Contains("wait", (await scene.FailedAsync(503, Chat, $$"""{ {{Once}} }""")).Text("error"), StringComparison.Ordinal));
}
