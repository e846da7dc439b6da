using Crescent.Server.Ollama;
using Crescent.Tests.Support;
using Crescent.Text.Templates;
using Xunit;

namespace Crescent.Tests.Ollama;

public sealed class OllamaRequestTests
{
    [Fact]
    public void Results_find_their_calls_by_name_or_in_order()
    {
        var messages = OllamaRequest.ReadChat(Bodies.Of("""
            {"model":"m","messages":[{"role":"user","content":"?"},
            {"role":"assistant","content":"","thinking":"Hm.","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}},{"function":{"name":"g","arguments":{}}},{"function":{"name":"f","arguments":{}}}]},
            {"role":"tool","content":"G","tool_name":"g"},{"role":"tool","content":"F1","tool_name":"f"},{"role":"tool","content":"F2"},{"role":"tool","content":"none"},
            {"role":"assistant","content":"","tool_calls":[{"id":"own","function":{"name":"f","arguments":{}}}]},{"role":"tool","content":"O","tool_call_id":"own"}]}
            """)).Chat!.Conversation.Messages;
        Assert.Equal([new ToolCall("call_0", "f", """{"x": 1}"""), new ToolCall("call_1", "g", "{}"), new ToolCall("call_2", "f", "{}")], messages[1].ToolCalls);
        Assert.Equal("Hm.", messages[1].ReasoningContent);
        Assert.Equal(["call_1", "call_0", "call_2", null, "own"], messages.Where(message => message.Role == "tool").Select(message => message.ToolCallId));
    }

    [Fact]
    public void Options_are_read()
    {
        var chat = OllamaRequest.ReadChat(Bodies.Of("""
            {"model":"m","messages":[{"role":"user","content":"?"}],"think":true,"format":{"type":"object"},
            "options":{"num_predict":-1,"temperature":0.5,"top_k":7,"seed":3,"repeat_penalty":1.1,"stop":["a","b"],"num_ctx":4096}}
            """)).Chat!;
        Assert.Equal((0.5f, 7, 3UL, 1.1f), (chat.Sampling.Temperature, chat.Sampling.TopK, chat.Sampling.Seed, chat.Sampling.RepetitionPenalty));
        Assert.Equal((null, true), (chat.MaxTokens, chat.Conversation.Thinking));
        Assert.Equal(["a", "b"], chat.Stops);
        Assert.Equal("""{"type":"object"}""", chat.Format!.Schema!.Value.GetRawText());
    }

    [Theory]
    [InlineData("false", false, ReasoningEffort.Medium)]
    [InlineData("\"high\"", true, ReasoningEffort.High)]
    [InlineData("null", null, ReasoningEffort.Medium)]
    public void Thinking_is_switched_or_measured(string think, bool? thinks, ReasoningEffort effort)
    {
        var conversation = OllamaRequest.ReadChat(Bodies.Of($$"""{"model":"m","messages":[{"role":"user","content":"?"}],"think":{{think}}}""")).Chat!.Conversation;
        Assert.Equal((thinks, effort), (conversation.Thinking, conversation.ReasoningEffort));
    }
}
