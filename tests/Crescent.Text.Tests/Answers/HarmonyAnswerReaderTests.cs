using Crescent.Text.Answers;
using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Answers;

public class HarmonyAnswerReaderTests
{
    [Fact]
    public void The_ids_of_the_published_example_are_analysis_and_a_final_answer()
    {
        // openai/harmony, docs/format.md.
        int[] ids =
        [
            200005, 35644, 200008, 1844, 31064, 25, 392, 4827, 382, 220, 17, 659, 220, 17, 16842, 12295, 81645, 13, 51441, 6052, 13, 200007, 200006, 173781,
            200005, 17196, 200008, 17, 659, 220, 17, 314, 220, 19, 13, 200002,
        ];
        var message = Read(ids, out var shown);
        Assert.Equal("2 + 2 = 4.", shown);
        Assert.Equal(("assistant", "2 + 2 = 4.", "User asks: \"What is 2 + 2?\" Simple arithmetic. Provide answer."), (message.Role, message.Content, message.ReasoningContent));
        Assert.Empty(message.ToolCalls);
    }

    [Theory]
    [InlineData("<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"a\": 1}<|call|>")]
    [InlineData("<|channel|>commentary to=functions.f<|constrain|>json<|message|>{\"a\": 1}<|call|>")]
    [InlineData(" to=functions.f<|channel|>commentary json<|message|>{\"a\": 1}<|call|>")]
    [InlineData(" to=functions.f<|channel|>commentary<|message|>{\"a\": 1}")]
    public void A_call_is_read_wherever_its_recipient_stands(string answer)
    {
        var message = Read("<|channel|>analysis<|message|>Think.<|end|><|start|>assistant<|channel|>commentary<|message|>I will look.<|end|><|start|>assistant" + answer, out var shown);
        Assert.Equal(("I will look.", "Think."), (shown, message.ReasoningContent));
        Assert.Equal([new ToolCall("call_0", "f", "{\"a\": 1}")], message.ToolCalls);
    }

    [Theory]
    [InlineData("", "", null)]
    [InlineData("<|channel|>analysis<|message|>cut of", "", "cut of")]
    [InlineData("<|channel|>fin", "", null)]
    [InlineData("<|channel|>final<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>", "a\nb", null)]
    [InlineData("<|message|>no channel", "no channel", null)]
    [InlineData("no marker at all", "no marker at all", null)]
    [InlineData("<|channel|>final<|message|>é你😊<|", "é你😊<|", null)]
    public void Unfinished_and_malformed_answers_are_read_as_far_as_they_go(string answer, string content, string? reasoning)
    {
        var message = Read(answer, out var shown);
        Assert.Equal((content, content, reasoning), (shown, message.Content, message.ReasoningContent));
    }

    [Fact]
    public void What_was_rendered_reads_back()
    {
        var tokenizer = Loaded.Get("o200k");
        var random = new Random(4);
        for (var i = 0; i < 50; i++)
        {
            var message = new ChatMessage("assistant", Samples.Text(random, 10))
            {
                ReasoningContent = Samples.Text(random, 10),
                ToolCalls = [new ToolCall("call_0", "f", Samples.Text(random, 10)), new ToolCall("call_1", "g.h-i", Samples.Text(random, 10))],
            };
            // From after the generation prompt's "assistant".
            var before = PromptEncoder.Encode(new HarmonyTemplate().Render(new PromptRequest([])), tokenizer);
            var after = PromptEncoder.Encode(new HarmonyTemplate().Render(new PromptRequest([message]) { AddGenerationPrompt = false }), tokenizer);
            var read = Read(after[before.Length..], out _);
            Assert.Equal((message.Content, message.ReasoningContent), (read.Content, read.ReasoningContent));
            Assert.Equal(message.ToolCalls, read.ToolCalls);
        }
    }

    private static ChatMessage Read(string answer, out string shown) => Read(Loaded.Get("o200k").Encode(answer, parseSpecial: true), out shown);

    private static ChatMessage Read(int[] ids, out string shown)
    {
        var reader = new HarmonyTemplate().ReadAnswer(Loaded.Get("o200k"), new PromptRequest([]));
        var events = new List<AnswerEvent>();
        foreach (var id in ids)
        {
            reader.Push(id, events);
        }

        reader.Finish(events);
        shown = string.Concat(events.Where(piece => piece.Kind == AnswerEventKind.Text).Select(piece => piece.Text));
        Assert.Equal(shown, reader.Message.Content);
        return reader.Message;
    }
}
