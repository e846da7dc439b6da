using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Responses;
using Crescent.Server.Responses.Wire;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Responses;

public sealed class ResponseEventsTests
{
    private static readonly ResponseReply s_begun = new("resp_x", 1, "m");

    [Fact]
    public void Reasoning_text_and_calls_are_items_one_after_the_other()
    {
        var sections = new AnswerSections();
        var events = new ResponseEvents(new ResponseWriter(s_begun, seals: false));
        SectionStep[] steps = [.. Script.Calls.SelectMany(sections.Push), .. sections.Finish()];
        Assert.Equal(
            [
                """{"type":"response.output_item.added","sequence_number":0,"output_index":0,"item":{"id":"rs_x0","type":"reasoning","status":"in_progress","content":[],"summary":[]}}""",
                """{"type":"response.content_part.added","sequence_number":0,"item_id":"rs_x0","output_index":0,"content_index":0,"part":{"type":"reasoning_text","text":""}}""",
                """{"type":"response.reasoning_text.delta","sequence_number":0,"item_id":"rs_x0","output_index":0,"content_index":0,"delta":"Two "}""",
                """{"type":"response.reasoning_text.delta","sequence_number":0,"item_id":"rs_x0","output_index":0,"content_index":0,"delta":"cities."}""",
                """{"type":"response.reasoning_text.done","sequence_number":0,"item_id":"rs_x0","output_index":0,"content_index":0,"text":"Two cities."}""",
                """{"type":"response.content_part.done","sequence_number":0,"item_id":"rs_x0","output_index":0,"content_index":0,"part":{"type":"reasoning_text","text":"Two cities."}}""",
                """{"type":"response.output_item.done","sequence_number":0,"output_index":0,"item":{"id":"rs_x0","type":"reasoning","status":"completed","content":[{"type":"reasoning_text","text":"Two cities."}],"summary":[]}}""",
                """{"type":"response.output_item.added","sequence_number":0,"output_index":1,"item":{"id":"msg_x1","type":"message","status":"in_progress","role":"assistant","content":[]}}""",
                """{"type":"response.content_part.added","sequence_number":0,"item_id":"msg_x1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}""",
                """{"type":"response.output_text.delta","sequence_number":0,"item_id":"msg_x1","output_index":1,"content_index":0,"delta":"I ","logprobs":[]}""",
                """{"type":"response.output_text.delta","sequence_number":0,"item_id":"msg_x1","output_index":1,"content_index":0,"delta":"look.","logprobs":[]}""",
                """{"type":"response.output_text.done","sequence_number":0,"item_id":"msg_x1","output_index":1,"content_index":0,"text":"I look.","logprobs":[]}""",
                """{"type":"response.content_part.done","sequence_number":0,"item_id":"msg_x1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}}""",
                """{"type":"response.output_item.done","sequence_number":0,"output_index":1,"item":{"id":"msg_x1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}]}}""",
                """{"type":"response.output_item.added","sequence_number":0,"output_index":2,"item":{"id":"fc_x2","type":"function_call","status":"in_progress","call_id":"functions.weather:0","name":"weather","arguments":""}}""",
                """{"type":"response.function_call_arguments.delta","sequence_number":0,"item_id":"fc_x2","output_index":2,"delta":"{\"city\":"}""",
                """{"type":"response.function_call_arguments.delta","sequence_number":0,"item_id":"fc_x2","output_index":2,"delta":"\"Zürich\"}"}""",
                """{"type":"response.function_call_arguments.done","sequence_number":0,"item_id":"fc_x2","output_index":2,"name":"weather","arguments":"{\"city\":\"Zürich\"}"}""",
                """{"type":"response.output_item.done","sequence_number":0,"output_index":2,"item":{"id":"fc_x2","type":"function_call","status":"completed","call_id":"functions.weather:0","name":"weather","arguments":"{\"city\":\"Zürich\"}"}}""",
                """{"type":"response.output_item.added","sequence_number":0,"output_index":3,"item":{"id":"fc_x3","type":"function_call","status":"in_progress","call_id":"functions.now:1","name":"now","arguments":""}}""",
                """{"type":"response.function_call_arguments.delta","sequence_number":0,"item_id":"fc_x3","output_index":3,"delta":"{}"}""",
                """{"type":"response.function_call_arguments.done","sequence_number":0,"item_id":"fc_x3","output_index":3,"name":"now","arguments":"{}"}""",
                """{"type":"response.output_item.done","sequence_number":0,"output_index":3,"item":{"id":"fc_x3","type":"function_call","status":"completed","call_id":"functions.now:1","name":"now","arguments":"{}"}}""",
            ],
            steps.SelectMany(step => events.Of(step)).Select(one => JsonSerializer.Serialize(one, ResponsesJson.Relaxed.ResponseEvent)));
    }

    [Theory]
    [InlineData(AnswerEnd.ToolCalls, "completed", "completed")]
    [InlineData(AnswerEnd.Length, "incomplete", "incomplete")]
    public void A_whole_answer_says_whether_it_was_cut_off(AnswerEnd reason, string status, string last)
    {
        var reply = new ResponseWriter(s_begun, seals: true).End(Sections().All, Script.End(reason));
        Assert.Equal(status, reply.Status);
        Assert.Equal(["completed", "completed", "completed", last], reply.Output.Select(item => item.Status));
        Assert.Equal("Two cities.", SealedReasoning.Open(reply.Output[0].EncryptedContent!));
        Assert.Equal((12, 4, 7, 3, 19), (reply.Usage!.InputTokens, reply.Usage.InputTokensDetails.CachedTokens, reply.Usage.OutputTokens, reply.Usage.OutputTokensDetails.ReasoningTokens, reply.Usage.TotalTokens));
    }

    [Fact]
    public void An_answer_is_kept_as_the_message_that_it_was()
    {
        var conversation = new ItemConversation([]);
        conversation.Add(Sections().All);
        var message = Assert.Single(conversation.Messages);
        Assert.Equal(("assistant", "Two cities.", "I look."), (message.Role, message.ReasoningContent, message.Content));
        Assert.Equal(["""functions.weather:0 weather {"city":"Zürich"}""", "functions.now:1 now {}"], message.ToolCalls.Select(call => $"{call.Id} {call.Name} {call.Arguments}"));
    }

    private static AnswerSections Sections()
    {
        var sections = new AnswerSections();
        foreach (var piece in Script.Calls)
        {
            sections.Push(piece);
        }

        return sections;
    }
}
