using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

/// <summary>A model of random weights, made to begin with reasoning that it would hardly end.</summary>
public sealed class ThinkingBudgetTests
{
    private const string Question = "\"messages\":[{\"role\":\"user\",\"content\":\"Why?\"}]";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Reasoning_ends_with_its_budget_and_is_the_same_until_then(int budget)
    {
        await using var scene = await OpenAsync();
        var free = Message(await scene.AskAsync("/v1/chat/completions", Body(scene, "")));
        var reply = await scene.AskAsync("/v1/chat/completions", Body(scene, $",\"thinking\":{{\"type\":\"enabled\",\"budget_tokens\":{budget}}}"));
        var bound = Message(reply);
        Assert.StartsWith(bound.Text("reasoning_content")!, free.Text("reasoning_content")!, StringComparison.Ordinal);
        Assert.InRange(reply.GetProperty("usage").GetProperty("completion_tokens_details").Int("reasoning_tokens"), budget, budget + 2); // the markers' own
        Assert.NotEqual("", bound.Text("content"));
        Assert.Equal("", free.Text("content"));
    }

    [Fact]
    public async Task Anthropics_budget_is_kept()
    {
        await using var scene = await OpenAsync();
        var think = scene.Tokenizer.FindMarker("</think>")!.Value;
        var reply = await scene.AskAsync("/v1/messages", $$"""{"model":"tiny","max_tokens":40,{{Question}},"logit_bias":{"{{think}}":-100},"thinking":{"type":"enabled","budget_tokens":9},"temperature":0}""");
        Assert.Equal(["thinking", "text"], reply.GetProperty("content").EnumerateArray().Select(block => block.Text("type")));
        await scene.FailedAsync(400, "/v1/messages", """{"model":"tiny","max_tokens":40,"messages":[{"role":"user","content":"x"}],"thinking":{"type":"enabled","budget_tokens":0}}""");
    }

    private static Task<ServerScene> OpenAsync() => ServerScene.OpenAsync("tiny-deepseek-v3", "deepseek-r1", options => options with { Context = 512 });

    private static string Body(ServerScene scene, string more) =>
        $$"""{ {{Question}},"max_tokens":40,"temperature":0,"logit_bias":{"{{scene.Tokenizer.FindMarker("</think>")}}":-100} {{more}} }""";

    private static JsonElement Message(JsonElement reply) => reply.GetProperty("choices")[0].GetProperty("message");
}
