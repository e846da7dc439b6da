using System.Text.Json;
using Crescent.Server;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>What clients see of models that are loaded and unloaded.</summary>
public sealed class ModelStatusTests
{
    [Fact]
    public async Task Lists_tell_which_models_are_loaded()
    {
        await using var scene = await ModelsScene.OpenAsync();
        await scene.TellAsync("b");
        foreach (var path in (string[])["/v1/models", "/models"])
        {
            var list = (await scene.GetAsync(path)).GetProperty("data").EnumerateArray().ToArray();
            Assert.Equal(["unloaded", "loaded", "unloaded"], list.Select(model => model.GetProperty("status").Text("value")));
            Assert.False(list[0].TryGetProperty("context_length", out _));
            Assert.Equal((128, 512), (list[1].Int("context_length"), list[1].GetProperty("meta").Int("n_vocab")));
            Assert.All(list, model => Assert.Equal(512, model.GetProperty("meta").Int("n_ctx_train")));
        }

        Assert.Equal(["a", "b", "c"], Names(await scene.GetAsync("/api/tags")));
        Assert.Equal(["b"], Names(await scene.GetAsync("/api/ps")));
    }

    [Fact]
    public async Task Looking_at_a_model_neither_loads_nor_keeps_it()
    {
        await using var scene = await ModelsScene.OpenAsync();
        Assert.Equal("unloaded", (await scene.GetAsync("/crescent/status?model=a")).Text("state"));
        Assert.True((await scene.GetAsync("/props?model=a")).GetProperty("is_sleeping").GetBoolean());
        Assert.Equal(0, (await scene.GetAsync("/slots?model=a")).GetArrayLength());
        Assert.Equal("llama", (await scene.AskAsync("/api/show", """{"model":"a"}""")).GetProperty("model_info").Text("general.architecture"));
        Assert.False(scene.IsLoaded("a"));
        await scene.TellAsync("a");
        var expires = scene.Model("a").Expires!.Value;
        scene.Time.Step(TimeSpan.FromMinutes(2));
        var status = await scene.GetAsync("/crescent/status?model=a");
        Assert.Equal(expires, status.GetProperty("expires").GetDateTimeOffset());
        Assert.False(status.TryGetProperty("state", out _));
        Assert.Equal(4, (await scene.GetAsync("/slots?model=a")).GetArrayLength());
        Assert.Equal(expires, scene.Model("a").Expires);
        scene.Time.Step(TimeSpan.FromMinutes(3));
        await Wait.ForAsync(() => scene.Opened["a"][0].IsDisposed);
    }

    [Fact]
    public async Task Models_are_loaded_and_unloaded_as_llama_server_does_it()
    {
        await using var scene = await ModelsScene.OpenAsync();
        Assert.Equal("""{"success":true}""", (await scene.AskAsync("/models/load", """{"model":"a"}""")).GetRawText());
        Assert.True(scene.IsLoaded("a"));
        Assert.Equal("""{"success":true}""", (await scene.AskAsync("/models/unload", """{"model":"a"}""")).GetRawText());
        Assert.True(scene.Opened["a"][0].IsDisposed);
        using var missing = await scene.PostAsync("/models/load", """{"model":"z"}""");
        Assert.Equal(404, (int)missing.StatusCode);
    }

    [Fact]
    public async Task Ollamas_keep_alive_counts_until_another_is_given()
    {
        await using var scene = await ModelsScene.OpenAsync();
        await GenerateAsync("\"10m\"");
        Assert.Equal(scene.Time.GetUtcNow() + TimeSpan.FromMinutes(10), scene.Model("a").Expires);
        Assert.Equal(scene.Model("a").Expires, (await scene.GetAsync("/api/ps")).GetProperty("models")[0].GetProperty("expires_at").GetDateTimeOffset());
        scene.Time.Step(TimeSpan.FromMinutes(9));
        await scene.TellAsync("a");
        Assert.Equal(scene.Time.GetUtcNow() + TimeSpan.FromMinutes(10), scene.Model("a").Expires);
        await GenerateAsync("-1");
        Assert.Null(scene.Model("a").Expires);
        Assert.Equal(DateTimeOffset.MaxValue, (await scene.GetAsync("/api/ps")).GetProperty("models")[0].GetProperty("expires_at").GetDateTimeOffset());
        await GenerateAsync("30");
        Assert.Equal(scene.Time.GetUtcNow() + TimeSpan.FromSeconds(30), scene.Model("a").Expires);
        Assert.Equal("unload", (await scene.AskAsync("/api/generate", """{"model":"a","keep_alive":0}""")).Text("done_reason"));
        Assert.True(scene.Opened["a"][0].IsDisposed);
        await GenerateAsync("0");
        await Wait.ForAsync(() => scene.Opened["a"][1].IsDisposed);
        Assert.Equal("load", (await scene.AskAsync("/api/chat", """{"model":"a","messages":[]}""")).Text("done_reason"));
        Assert.Equal(scene.Time.GetUtcNow() + TimeSpan.FromMinutes(5), scene.Model("a").Expires);
        using var wrong = await scene.PostAsync("/api/generate", """{"model":"a","keep_alive":"soon"}""");
        Assert.Equal(400, (int)wrong.StatusCode);

        Task<JsonElement> GenerateAsync(string keepAlive) =>
            scene.AskAsync("/api/generate", $$"""{"model":"a","prompt":"Once","raw":true,"stream":false,"options":{"num_predict":2},"keep_alive":{{keepAlive}}}""");
    }

    [Fact]
    public async Task Metrics_tell_each_model_and_go_on_when_it_is_loaded_again()
    {
        await using var scene = await ModelsScene.OpenAsync(names: ["a", "quote\"d"]);
        await scene.TellAsync("a", 4);
        await scene.AskAsync("/models/unload", """{"model":"a"}""");
        await scene.TellAsync("a", 3);
        await scene.AskAsync("/models/unload", """{"model":"a"}""");
        var metrics = await scene.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("\nllamacpp:tokens_predicted_total 7\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\n# TYPE crescent:model_generated_tokens_total counter\ncrescent:model_generated_tokens_total{model=\"a\"} 7\ncrescent:model_generated_tokens_total{model=\"quote\\\"d\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\ncrescent:model_loads_total{model=\"a\"} 2\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\ncrescent:model_loaded{model=\"a\"} 0\n", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5h", 5400)]
    [InlineData("42", 42)]
    [InlineData("0", 0)]
    [InlineData("-1", -0.001)]
    [InlineData("-5m", -0.001)]
    public void Durations_are_read_as_Go_writes_them(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var time));
        Assert.Equal(TimeSpan.FromSeconds(seconds), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("soon")]
    [InlineData("5x")]
    [InlineData("m5")]
    [InlineData("1..5s")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Durations.TryParse(text, out _));

    private static IEnumerable<string?> Names(JsonElement tags) => tags.GetProperty("models").EnumerateArray().Select(model => model.Text("name"));
}
