using Crescent.Server;
using Crescent.Server.OpenAi;
using Crescent.Server.Responses;
using Crescent.Tests.Support;
using Crescent.Text.Templates;
using Xunit;

namespace Crescent.Tests.Responses;

public sealed class ResponsesRequestTests
{
    [Theory]
    [InlineData("kimi-k2-thinking")]
    [InlineData("kimi-k2")]
    [InlineData("harmony")]
    [InlineData("deepseek-v3.1")]
    [InlineData("chatml")]
    public void Items_give_the_prompt_of_the_same_chat(string template)
    {
        var items = Read($$"""
            {"instructions":"Be brief","tools":[{"type":"function","name":"weather","description":"Tells it","parameters":{"type":"object"},"strict":true},{"type":"web_search"}],"input":[
            {"role":"user","content":[{"type":"input_text","text":"Weather?"}]},
            {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"Ask "}]},
            {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"{{SealedReasoning.Seal("twice.")}}"},
            {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look.","annotations":[]}]},
            {"type":"function_call","call_id":"functions.weather:0","name":"weather","arguments":"{\"city\":\"Bern\"}"},
            {"type":"function_call","call_id":"functions.weather:1","name":"weather","arguments":"{\"city\":\"Zug\"}"},
            {"type":"function_call_output","call_id":"functions.weather:0","output":"Rain"},
            {"type":"function_call_output","call_id":"functions.weather:1","output":[{"type":"input_text","text":"Sun"}]}]}
            """);
        var chat = ChatCompletionRequest.Read(Bodies.Of("""
            {"tools":[{"type":"function","function":{"name":"weather","description":"Tells it","parameters":{"type":"object"}}}],"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Weather?"},
            {"role":"assistant","reasoning_content":"Ask twice.","content":"I look.","tool_calls":[
            {"id":"functions.weather:0","function":{"name":"weather","arguments":"{\"city\":\"Bern\"}"}},{"id":"functions.weather:1","function":{"name":"weather","arguments":"{\"city\":\"Zug\"}"}}]},
            {"role":"tool","tool_call_id":"functions.weather:0","content":"Rain"},{"role":"tool","tool_call_id":"functions.weather:1","content":"Sun"}]}
            """), new ServerOptions());
        Assert.Equal(Render(template, chat), Render(template, items.Chat));
    }

    [Fact]
    public void Turns_of_the_assistant_end_where_others_speak()
    {
        var messages = Read("""
            {"input":[{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"1"},
            {"type":"function_call","call_id":"b","name":"f","arguments":"{}"},{"type":"message","role":"assistant","content":"Done"},{"role":"developer","content":"Go"}]}
            """).Conversation;
        Assert.Equal(["assistant", "tool", "assistant", "assistant", "system"], messages.Select(message => message.Role));
        Assert.Equal([1, 0, 1, 0, 0], messages.Select(message => message.ToolCalls.Count));
    }

    [Fact]
    public void Forms_choices_and_limits_are_read()
    {
        const string tools = "\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]";
        Assert.Equal(new ToolChoice(ToolChoiceKind.Function, "f"), Read($$$$"""{"input":"x",{{{{tools}}}},"tool_choice":{"type":"function","name":"f"}}""").Chat.ToolChoice);
        Assert.Equal(ToolChoiceKind.Required, Read($$"""{"input":"x",{{tools}},"tool_choice":"required"}""").Chat.ToolChoice.Kind);
        Assert.Null(Read("""{"input":"x","text":{"format":{"type":"json_object"}}}""").Chat.Format!.Schema);
        Assert.Equal("""{"type":"array"}""", Read("""{"input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{"type":"array"}}}}""").Chat.Format!.Schema!.Value.GetRawText());
        Assert.Equal((ReasoningEffort.High, true), (Read("""{"input":"x","reasoning":{"effort":"high"}}""").Chat.Conversation.ReasoningEffort, Read("""{"input":"x","reasoning":{"effort":"high"}}""").Chat.Conversation.Thinking));
        Assert.True(Read("""{"input":"x","include":["reasoning.encrypted_content"]}""").SealsReasoning);
    }

    [Theory]
    [InlineData("gAAAAABo")]
    [InlineData("not base64!")]
    [InlineData("/////w==")]
    public void What_others_sealed_is_passed_over(string seal) =>
        Assert.Equal("Short.", Read($$"""{"input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"Short."}],"encrypted_content":"{{seal}}"}]}""").Conversation[0].ReasoningContent);

    private static ResponsesRequest Read(string json) => ResponsesRequest.Read(Bodies.Of(json), new ResponseStore(), owner: 0);

    private static string Render(string template, ChatCompletionRequest request) =>
        string.Concat(TemplateFactory.Create(template).Render(request.Conversation).Select(segment => segment.IsMarker ? $"⟦{segment.Text}⟧" : segment.Text));
}
