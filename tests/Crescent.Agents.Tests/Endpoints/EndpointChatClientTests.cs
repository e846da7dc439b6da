using System.Net;
using System.Text.Json;
using Crescent.Agents.Endpoints;
using Microsoft.Extensions.AI;
using Xunit;

namespace Crescent.Agents.Tests.Endpoints;

public class EndpointChatClientTests
{
    private const string Hello = """{"id":"a","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}}""";

    [Fact]
    public async Task Every_recorded_answer_is_folded_to_what_its_client_sent_back()
    {
        var sentBack = 0;
        foreach (var recorded in Recorded.All())
        {
            var streams = recorded.Answer.StartsWith("data:", StringComparison.Ordinal) || recorded.Answer.StartsWith(':');
            var response = await Answer(recorded.Answer, streams, int.MaxValue);
            var whole = Show(response);
            Assert.True(Sent(response).Length > 1, recorded.File);
            foreach (var bytes in (int[])[1, 2, 3, 7, 1000])
            {
                Assert.Equal((recorded.File, whole), (recorded.File, Show(await Answer(recorded.Answer, streams, bytes))));
            }

            if (recorded.Next is { } next && next.GetProperty("messages").EnumerateArray().LastOrDefault(message => message.GetProperty("role").GetString() == "assistant") is { ValueKind: JsonValueKind.Object } message)
            {
                sentBack++;
                if (recorded.File.StartsWith("avian", StringComparison.Ordinal))
                {
                    // Reasoning parts its text; the client sent back what came last.
                    Assert.EndsWith(Sent(message), Sent(response), StringComparison.Ordinal);
                }
                else
                {
                    Assert.Equal((recorded.File, Sent(message)), (recorded.File, Sent(response)));
                }
            }
        }

        Assert.True(sentBack >= 10, $"{sentBack} answers were sent back");
    }

    [Theory]
    [InlineData("""{"index":0,"id":"x","type":"function","function":{"name":"f","arguments":""}}|{"index":0,"function":{"arguments":"{\"a\""}}|{"index":0,"id":null,"type":null,"function":{"name":null,"arguments":":1}"}}""")]
    [InlineData("""{"id":"x","function":{"name":"f","arguments":"{\"a\""}}|{"function":{"arguments":":1}"}}""")]
    [InlineData("""{"index":0,"id":"x","function":{"name":"f","arguments":"{\"a\":"}}|{"index":0,"id":"x","function":{"name":"f","arguments":"1}"}}""")]
    [InlineData("""{"index":0,"id":"x","function":{"arguments":"{\"a\":1}"}}|{"index":0,"function":{"name":"f"}}""")]
    public async Task A_call_in_pieces_is_given_out_once_and_whole(string pieces)
    {
        var frames = string.Concat(pieces.Split('|').Select((piece, i) => $": ping\n\n\ndata:{{\"id\":\"{i}\",\"choices\":[{{\"delta\":{{\"content\":null,\"tool_calls\":[{piece}]}}}}]}}\r\n\r\n"));
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in Client(frames + "data: [DONE]").GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "x")], cancellationToken: TestContext.Current.CancellationToken))
        {
            updates.Add(update);
        }

        var call = Assert.IsType<FunctionCallContent>(Assert.Single(Assert.Single(updates).Contents));
        Assert.Equal(("x", "f", "1"), (call.CallId, call.Name, call.Arguments!["a"]!.ToString()));
        Assert.Equal((ChatFinishReason.ToolCalls, "0"), (updates[0].FinishReason, updates[0].ResponseId));
    }

    [Fact]
    public async Task Broken_arguments_say_so_and_are_sent_back_as_they_were()
    {
        var json = """{"choices":[{"message":{"content":"","tool_calls":[{"id":"x","function":{"name":"f","arguments":"{\"a\":"}}]},"finish_reason":"tool_calls"}]}""";
        var response = await Answer(json, streams: false, int.MaxValue);
        var call = response.Messages.Single().Contents.OfType<FunctionCallContent>().Single();
        Assert.NotNull(call.Exception);
        using var body = JsonDocument.Parse(CompletionRequest.Write("m", response.Messages, null, streams: false));
        Assert.Equal("{\"a\":", body.RootElement.GetProperty("messages")[0].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());
    }

    [Theory]
    [InlineData(408)]
    [InlineData(409)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Refusals_that_pass_are_tried_again(int status)
    {
        var endpoint = new ScriptedEndpoint(10, ((HttpStatusCode)status, "", "0"), ((HttpStatusCode)status, "", null), (HttpStatusCode.OK, Hello, null));
        var response = await Client(endpoint).GetResponseAsync([new ChatMessage(ChatRole.User, "x")], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((3, "Hello", 2), (endpoint.Requests.Count, response.Text, response.Usage!.CachedInputTokenCount));
    }

    [Theory]
    [InlineData(400, 1)]
    [InlineData(401, 1)]
    [InlineData(500, 4)]
    public async Task A_refusal_says_what_the_endpoint_said(int status, int requests)
    {
        var endpoint = new ScriptedEndpoint(10, ((HttpStatusCode)status, """{"error":{"message":"too long","code":"context_length_exceeded"}}""", null));
        var exception = await Assert.ThrowsAsync<EndpointException>(() => Client(endpoint).GetResponseAsync([new ChatMessage(ChatRole.User, "x")], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal($"http://host/v1/chat/completions: {status} too long", exception.Message);
        Assert.Equal(((HttpStatusCode)status, requests), (exception.Status, endpoint.Requests.Count));
    }

    [Theory]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "ended before")]
    [InlineData("data: {\"error\":{\"message\":\"out of memory\"}}\n\n", "out of memory")]
    [InlineData("data: <html>\n\n", "<html>")]
    public async Task A_stream_that_breaks_is_an_error(string frames, string reason)
    {
        var exception = await Assert.ThrowsAsync<EndpointException>(() => Answer(frames, streams: true, int.MaxValue));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_has_what_the_options_ask_for()
    {
        var options = new ChatOptions { Temperature = 0.5f, MaxOutputTokens = 7, StopSequences = ["END"], Tools = [AIFunctionFactory()], ToolMode = ChatToolMode.RequireSpecific("f"), AdditionalProperties = new() { ["min_p"] = 0.25 } };
        ChatMessage[] messages =
        [
            new(ChatRole.Assistant, [new TextReasoningContent("why"), new FunctionCallContent("x", "f", new Dictionary<string, object?> { ["a"] = 1 })]),
            new(ChatRole.Tool, [new FunctionResultContent("x", "r")]),
        ];
        using var body = JsonDocument.Parse(CompletionRequest.Write("m", messages, options, streams: true));
        Assert.Equal(
            """{"model":"m","messages":[{"role":"assistant","content":"","reasoning_content":"why","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{\u0022a\u0022:1}"}}]},{"role":"tool","tool_call_id":"x","content":"r"}],"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"max_completion_tokens":7,"stop":["END"],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}],"tool_choice":{"type":"function","function":{"name":"f"}},"min_p":0.25}""",
            body.RootElement.GetRawText());
    }

    private static AIFunctionDeclaration AIFunctionFactory() => Microsoft.Extensions.AI.AIFunctionFactory.CreateDeclaration("f", "d", JsonDocument.Parse("""{"type":"object"}""").RootElement);

    private static EndpointChatClient Client(string body) => Client(new ScriptedEndpoint(int.MaxValue, (HttpStatusCode.OK, body, null)));

    private static EndpointChatClient Client(ScriptedEndpoint endpoint) => new(new HttpClient(endpoint), new Uri("http://host/v1/"), "m") { FirstWait = TimeSpan.Zero };

    private static async Task<ChatResponse> Answer(string body, bool streams, int bytesAtOnce)
    {
        var client = Client(new ScriptedEndpoint(bytesAtOnce, (HttpStatusCode.OK, body, null)));
        ChatMessage[] messages = [new(ChatRole.User, "x")];
        return streams ? await client.GetStreamingResponseAsync(messages).ToChatResponseAsync() : await client.GetResponseAsync(messages);
    }

    private static string Show(ChatResponse response) =>
        $"[{string.Concat(Assert.Single(response.Messages).Contents.OfType<TextReasoningContent>().Select(part => part.Text))}] {Sent(response)}";

    // Text and calls.
    private static string Sent(ChatResponse response) =>
        $"{response.Text} {string.Join("; ", response.Messages[0].Contents.OfType<FunctionCallContent>().Select(call => $"{call.CallId} {call.Name} {call.RawRepresentation}"))}";

    private static string Sent(JsonElement message)
    {
        var calls = message.TryGetProperty("tool_calls", out var list) ? list.EnumerateArray().Select(call => (call.GetProperty("id").GetString(), call.GetProperty("function"))) : [];
        var text = message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String ? content.GetString() : "";
        return $"{text} {string.Join("; ", calls.Select(call => $"{call.Item1} {call.Item2.GetProperty("name").GetString()} {call.Item2.GetProperty("arguments").GetString()}"))}";
    }
}
