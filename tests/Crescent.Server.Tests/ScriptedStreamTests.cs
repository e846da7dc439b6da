using System.Text;
using Crescent.Engine.Chat;
using Crescent.Server.Anthropic;
using Crescent.Server.Anthropic.Wire;
using Crescent.Server.Http;
using Crescent.Server.Ollama;
using Crescent.Server.Responses;
using Crescent.Server.Responses.Wire;
using Crescent.Tests.Support;
using Crescent.Text.Answers;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Crescent.Tests;

/// <summary>Streams with thinking and calls, byte for byte those that the official clients read in tests/conformance.</summary>
public sealed class ScriptedStreamTests
{
    [Fact]
    public Task Anthropics_stream_is_the_one_that_its_client_reads() => EqualsAsync("anthropic.sse", context =>
        new MessageStream(context, Events(context), new MessageReply("msg_scripted", "tiny", [], null, null, new MessageUsage(12, 0, 0)), 100).RunAsync(Updates()));

    [Fact]
    public Task The_stream_of_responses_is_the_one_that_OpenAIs_client_reads() => EqualsAsync("responses.sse", context =>
        new ResponseStream(Events(context), new ResponseWriter(new ResponseReply("resp_scripted", 1, "tiny"), seals: true)).RunAsync(Updates(), _ => { }));

    [Fact]
    public Task Ollamas_stream_is_the_one_that_its_client_reads() => EqualsAsync("ollama.ndjson", context =>
        new OllamaStream(new LineStream(context), new OllamaWriter(isChat: true, "tiny", new StoppedTime())).RunAsync(Updates()));

    private static async Task EqualsAsync(string file, Func<HttpContext, Task> write)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await write(context);
        await context.Response.CompleteAsync();
        var expected = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "scripted", file), TestContext.Current.CancellationToken);
        Assert.Equal(expected, Encoding.UTF8.GetString(body.ToArray()));
    }

    private static EventStream Events(HttpContext context) => new(context, TimeSpan.FromHours(1), TimeProvider.System);

    private static async IAsyncEnumerable<ChatUpdate> Updates()
    {
        yield return new PrefillUpdate(0, 12, 4, 12, TimeSpan.Zero);
        foreach (var piece in Script.Calls)
        {
            await Task.Yield();
            AnswerEvent[] pieces = [piece];
            yield return new PieceUpdate(0, pieces, [1], []);
        }

        yield return Script.End(AnswerEnd.ToolCalls);
    }

    private sealed class StoppedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;
    }
}
