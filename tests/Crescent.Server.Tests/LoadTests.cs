using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

public sealed class LoadTests
{
    private const string Path = "/v1/chat/completions";
    private static readonly string[] s_beginnings = ["Once upon a time", "The dog", "Lily had a", "One day", "There was", "Tom and", "In the park", "A big red"];

    [Theory]
    [InlineData("stories")]
    [InlineData("g-kimi-k2-q4_0")]
    public async Task Sixteen_streams_at_once_equal_each_alone(string name)
    {
        var bodies = Enumerable.Range(0, 16).Select(i => Body(i, 20 + i)).ToArray();
        var alone = new List<string>();
        foreach (var body in bodies)
        {
            await using var quiet = await ServerScene.OpenAsync(name);
            alone.Add(Text(await quiet.StreamAsync(Path, body)));
        }

        await using var scene = await ServerScene.OpenAsync(name, engine: options => options with { Parallel = 6 });
        var together = await Task.WhenAll(bodies.Select(body => scene.StreamAsync(Path, body)));
        Assert.Equal(alone, together.Select(Text));
    }

    [Fact]
    public async Task Streams_that_break_off_leave_the_others_whole()
    {
        await using var scene = await ServerScene.OpenAsync(engine: options => options with { Parallel = 4 });
        var expected = Text(await scene.StreamAsync(Path, Body(0, 60)));
        var random = new Random(3);
        var tasks = Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? WholeAsync() : BreakOffAsync(i, random.Next(0, 400)));
        await Task.WhenAll(tasks);
        await Wait.ForAsync(() => scene.Engine.Status() is { Waiting: 0 } status && status.Slots.All(slot => slot.Request is null));

        async Task WholeAsync() => Assert.Equal(expected, Text(await scene.StreamAsync(Path, Body(0, 60))));

        async Task BreakOffAsync(int i, int after)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(Body(i, 100)) };
            using var response = await scene.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await stream.ReadAtLeastAsync(new byte[after + 1], after, throwOnEndOfStream: false, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task More_requests_than_may_wait_are_told_to_come_again()
    {
        await using var scene = await ServerScene.OpenAsync(engine: options => options with { Parallel = 1, Queue = 1 });
        using var gate = scene.HoldFirstStep();
        var taken = Enumerable.Range(0, 2).Select(i => scene.PostAsync(Path, Body(i, 2))).ToArray();
        await Wait.ForAsync(() => scene.Engine.Pending == 2);
        using var refused = await scene.PostAsync(Path, Body(2, 2));
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("rate_limit_exceeded", JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("error").GetProperty("code").GetString());
        gate.Set();
        Assert.All(await Task.WhenAll(taken), response => Assert.True(response.IsSuccessStatusCode));
    }

    private static string Body(int i, int tokens) =>
        $$"""{"messages":[{"role":"user","content":"{{s_beginnings[i % s_beginnings.Length]}}"}],"max_tokens":{{tokens}},"stream":true}""";

    private static string Text(IEnumerable<JsonElement> chunks) => string.Concat(chunks.Select(chunk =>
        chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : ""));
}
