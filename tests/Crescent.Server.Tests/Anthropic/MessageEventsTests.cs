using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Anthropic;
using Crescent.Server.Anthropic.Wire;
using Crescent.Tests.Support;
using Crescent.Text.Answers;
using Xunit;

namespace Crescent.Tests.Anthropic;

public sealed class MessageEventsTests
{
    [Fact]
    public void Thinking_text_and_calls_are_blocks_one_after_the_other()
    {
        var sections = new AnswerSections();
        SectionStep[] steps = [.. Script.Calls.SelectMany(sections.Push), .. sections.Finish()];
        Assert.Equal(
            [
                """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Two "}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"cities."}}""",
                $$$$"""{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"{{{{ThinkingSignature.Of("Two cities.")}}}}"}}""",
                """{"type":"content_block_stop","index":0}""",
                """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
                """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I "}}""",
                """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"look."}}""",
                """{"type":"content_block_stop","index":1}""",
                """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"functions.weather:0","name":"weather","input":{}}}""",
                """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}""",
                """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"Zürich\"}"}}""",
                """{"type":"content_block_stop","index":2}""",
                """{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"functions.now:1","name":"now","input":{}}}""",
                """{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}}""",
                """{"type":"content_block_stop","index":3}""",
            ],
            steps.SelectMany(MessageEvents.Of).Select(one => JsonSerializer.Serialize(one, AnthropicJson.Relaxed.MessageEvent)));
    }

    [Fact]
    public void A_whole_answer_has_the_same_blocks()
    {
        var sections = new AnswerSections();
        foreach (var piece in Script.Calls)
        {
            sections.Push(piece);
        }

        var blocks = sections.All.Select(section => JsonSerializer.Serialize(ContentBlock.Of(section), AnthropicJson.Relaxed.ContentBlock));
        Assert.Equal(
            [
                $$"""{"type":"thinking","thinking":"Two cities.","signature":"{{ThinkingSignature.Of("Two cities.")}}"}""",
                """{"type":"text","text":"I look."}""",
                """{"type":"tool_use","id":"functions.weather:0","name":"weather","input":{"city":"Zürich"}}""",
                """{"type":"tool_use","id":"functions.now:1","name":"now","input":{}}""",
            ],
            blocks);
    }

    [Fact]
    public void What_is_cut_off_closes_all_the_same()
    {
        var sections = new AnswerSections();
        SectionStep[] steps = [.. Script.Calls.Take(6).SelectMany(sections.Push), .. sections.Finish()];
        Assert.Equal(steps.Count(step => step.Kind == SectionStepKind.Open), steps.Count(step => step.Kind == SectionStepKind.Close));
        Assert.Equal("""{"type":"tool_use","id":"functions.weather:0","name":"weather","input":{"arguments":"{\"city\":"}}""", JsonSerializer.Serialize(ContentBlock.Of(sections.All[^1]), AnthropicJson.Relaxed.ContentBlock));
    }

    [Fact]
    public void Text_after_a_call_is_a_block_of_its_own()
    {
        var sections = new AnswerSections();
        foreach (var piece in Script.Calls.Append(new AnswerEvent(AnswerEventKind.Text, "Done.")))
        {
            sections.Push(piece);
        }

        Assert.Equal([SectionKind.Reasoning, SectionKind.Text, SectionKind.Call, SectionKind.Call, SectionKind.Text], sections.All.Select(section => section.Kind));
    }

    [Theory]
    [InlineData(AnswerEnd.Stop, null, "end_turn")]
    [InlineData(AnswerEnd.Stop, "END", "stop_sequence")]
    [InlineData(AnswerEnd.Length, null, "max_tokens")]
    [InlineData(AnswerEnd.ToolCalls, null, "tool_use")]
    public void Ends_have_Anthropics_words(AnswerEnd end, string? stop, string reason) =>
        Assert.Equal(new MessageDelta(reason, stop), StopReasons.Of(Script.End(end, stop), context: 100));
}
