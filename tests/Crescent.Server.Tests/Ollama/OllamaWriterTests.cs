using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Server.Ollama;
using Crescent.Server.Ollama.Wire;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Ollama;

public sealed class OllamaWriterTests
{
    [Fact]
    public void Calls_are_lines_with_their_arguments_as_objects()
    {
        var writer = new OllamaWriter(isChat: true, "m", TimeProvider.System);
        var messages = Script.Calls.Select(writer.Push).OfType<OllamaReply>().Select(Message).ToArray();
        Assert.Equal(
            [
                """{"role":"assistant","content":"","thinking":"Two "}""",
                """{"role":"assistant","content":"","thinking":"cities."}""",
                """{"role":"assistant","content":"I "}""",
                """{"role":"assistant","content":"look."}""",
                """{"role":"assistant","content":"","tool_calls":[{"id":"functions.weather:0","function":{"index":0,"name":"weather","arguments":{"city":"Zürich"}}}]}""",
                """{"role":"assistant","content":"","tool_calls":[{"id":"functions.now:1","function":{"index":1,"name":"now","arguments":{}}}]}""",
            ],
            messages);
        var whole = writer.Whole(Script.End(AnswerEnd.ToolCalls));
        Assert.Equal(
            """{"role":"assistant","content":"I look.","thinking":"Two cities.","tool_calls":[{"id":"functions.weather:0","function":{"index":0,"name":"weather","arguments":{"city":"Zürich"}}},{"id":"functions.now:1","function":{"index":1,"name":"now","arguments":{}}}]}""",
            Message(whole));
        Assert.Equal(("stop", 321_000_000L, 1_000_000L, 20_000_000L, 300_000_000L), (whole.DoneReason, whole.TotalDuration, whole.LoadDuration, whole.PromptEvalDuration, whole.EvalDuration));
        Assert.Equal((12, 7), (whole.PromptEvalCount, whole.EvalCount));
    }

    [Fact]
    public void Plain_responses_have_text_and_thinking_apart()
    {
        var writer = new OllamaWriter(isChat: false, "m", TimeProvider.System);
        var lines = Script.Calls.Take(4).Select(writer.Push).OfType<OllamaReply>().ToArray();
        Assert.Equal(["", "", "I ", "look."], lines.Select(line => line.Response));
        Assert.Equal(["Two ", "cities.", null, null], lines.Select(line => line.Thinking));
        Assert.All(lines, line => Assert.Null(line.Message));
        Assert.Equal(("I look.", "Two cities."), (writer.Whole(Script.End(AnswerEnd.Stop)).Response, writer.Whole(Script.End(AnswerEnd.Stop)).Thinking));
    }

    private static string Message(OllamaReply reply) => JsonSerializer.Serialize(reply, OllamaJson.Relaxed.OllamaReply).Split("\"message\":")[1].Split(",\"done\"")[0];
}
