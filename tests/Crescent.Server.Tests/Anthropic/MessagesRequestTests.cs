using Crescent.Server;
using Crescent.Server.Anthropic;
using Crescent.Server.OpenAi;
using Crescent.Tests.Support;
using Crescent.Text.Templates;
using Xunit;

namespace Crescent.Tests.Anthropic;

/// <summary>What Anthropic's clients send is the prompt that the same conversation gives as a chat completion.</summary>
public sealed class MessagesRequestTests
{
    private const string Tool = """
        {"type":"function","function":{"name":"weather","description":"Tells it","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}
        """;

    private const string AnthropicTool = """
        {"name":"weather","description":"Tells it","input_schema":{"type":"object","properties":{"city":{"type":"string"}}},"cache_control":{"type":"ephemeral"}}
        """;

    [Theory]
    [InlineData("kimi-k2-thinking")]
    [InlineData("kimi-k2")]
    [InlineData("harmony")]
    [InlineData("deepseek-v3.1")]
    [InlineData("chatml")]
    public void A_tool_loop_gives_the_same_prompt(string template)
    {
        var anthropic = $$$$"""
            {"model":"m","max_tokens":9,"system":[{"type":"text","text":"Be brief"}],"tools":[{{{{AnthropicTool}}}}],"messages":[
            {"role":"user","content":[{"type":"text","text":"Weather?"}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"Ask.","signature":"x"},{"type":"text","text":"I look."},{"type":"tool_use","id":"functions.weather:0","name":"weather","input":{"city":"Zürich"}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"functions.weather:0","content":[{"type":"text","text":"Rain"}]},{"type":"text","text":"And?"}]}]}
            """;
        var openAi = $$$$"""
            {"tools":[{{{{Tool}}}}],"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Weather?"},
            {"role":"assistant","reasoning_content":"Ask.","content":"I look.","tool_calls":[{"id":"functions.weather:0","type":"function","function":{"name":"weather","arguments":{"city":"Zürich"}}}]},
            {"role":"tool","tool_call_id":"functions.weather:0","content":"Rain"},{"role":"user","content":"And?"}]}
            """;
        Assert.Equal(Render(template, ChatCompletionRequest.Read(Bodies.Of(openAi), new ServerOptions())), Render(template, MessagesRequest.Read(Bodies.Of(anthropic), counts: false)));
    }

    [Fact]
    public void Results_of_parallel_calls_are_messages_of_their_own_and_text_between_them_stays_in_place()
    {
        var request = Read("""
            "messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"g","input":{"x":1}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"b"},{"type":"text","text":"one"},{"type":"text","text":"two"},{"type":"tool_result","tool_use_id":"a","content":"A"}]}]
            """);
        var messages = request.Conversation.Messages;
        Assert.Equal(["assistant", "tool", "user", "tool"], messages.Select(message => message.Role));
        Assert.Equal([null, "", "one\ntwo", "A"], messages.Select(message => message.Content));
        Assert.Equal([null, "b", null, "a"], messages.Select(message => message.ToolCallId));
        Assert.Equal([new ToolCall("a", "f", "{}"), new ToolCall("b", "g", """{"x": 1}""")], messages[0].ToolCalls);
    }

    [Fact]
    public void Choices_of_tools_are_read()
    {
        Assert.Equal(new ToolChoice(ToolChoiceKind.Required), Read($$""" "messages":[{"role":"user","content":"x"}],"tools":[{{AnthropicTool}}],"tool_choice":{"type":"any"} """).ToolChoice);
        Assert.Equal(new ToolChoice(ToolChoiceKind.Function, "weather"), Read($$""" "messages":[{"role":"user","content":"x"}],"tools":[{{AnthropicTool}}],"tool_choice":{"type":"tool","name":"weather"} """).ToolChoice);
        var alone = Read($$""" "messages":[{"role":"user","content":"x"}],"tools":[{{AnthropicTool}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true} """);
        Assert.Equal((ToolChoice.Auto, false), (alone.ToolChoice, alone.ParallelToolCalls));
        Assert.Empty(Read($$""" "messages":[{"role":"user","content":"x"}],"tools":[{{AnthropicTool}}],"tool_choice":{"type":"none"} """).Conversation.Tools);
    }

    [Theory]
    [InlineData("""{"type":"enabled","budget_tokens":1024}""", true)]
    [InlineData("""{"type":"adaptive"}""", true)]
    [InlineData("""{"type":"disabled"}""", false)]
    [InlineData("null", null)]
    public void Thinking_is_switched(string thinking, bool? expected) =>
        Assert.Equal(expected, Read($$""" "messages":[{"role":"user","content":"x"}],"thinking":{{thinking}} """).Conversation.Thinking);

    private static ChatCompletionRequest Read(string fields) => MessagesRequest.Read(Bodies.Of($$"""{"model":"m","max_tokens":9,{{fields}}}"""), counts: false);

    private static string Render(string template, ChatCompletionRequest request) =>
        string.Concat(TemplateFactory.Create(template).Render(request.Conversation).Select(segment => segment.IsMarker ? $"⟦{segment.Text}⟧" : segment.Text));
}
