using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Answers;

/// <summary>What the readers of DeepSeek, Qwen, Llama and of families without calls make of answers.</summary>
public class FamilyAnswerTests
{
    [Theory]
    [InlineData("<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": 1}<｜tool▁call▁end｜><｜tool▁call▁begin｜>g<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>")]
    [InlineData("<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>")]
    [InlineData("<｜tool▁call▁begin｜>functions.f<｜tool▁sep｜> {\"a\": 1}<｜tool▁call▁begin｜>function<｜tool▁sep｜>g{}")]
    [InlineData("<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n{\"a\": 1}<｜tool▁call▁end｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json{}")]
    public void Calls_of_DeepSeek_are_read(string calls)
    {
        var message = Answers.Read("deepseek-v3.1", "deepseek-v3", "Hmm.\n\n" + calls, Answers.Tools("f", "g"));
        Assert.Equal("Hmm.", message.Content);
        Assert.Equal([new ToolCall("call_0", "f", "{\"a\": 1}"), new ToolCall("call_1", "g", "{}")], message.ToolCalls);
    }

    [Fact]
    public void R1_begins_within_its_reasoning_and_V3_does_not()
    {
        var message = Answers.Read("deepseek-r1", "deepseek-v3", "Think.\n</think>\n\nText.");
        Assert.Equal(("Think.", "Text."), (message.ReasoningContent, message.Content));
        message = Answers.Read("deepseek-v3.1", "deepseek-v3", "Think.</think>Text.", Answers.Tools() with { Thinking = true });
        Assert.Equal(("Think.", "Text."), (message.ReasoningContent, message.Content));
        message = Answers.Read("deepseek-v3", "deepseek-v3", "Text.");
        Assert.Equal((null, "Text."), (message.ReasoningContent, message.Content));
    }

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": {\"b\": \"}\\\"\"}}}\n</tool_call>", "{\"a\": {\"b\": \"}\\\"\"}}")]
    [InlineData("<tool_call>{\"arguments\": {\"a\": 1}, \"name\": \"f\"}</tool_call>", "{\"a\": 1}")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>", "{\"a\": 1}")]
    [InlineData("<tool_call>{\"type\": \"function\", \"id\": 5, \"function\": {\"name\": \"f\", \"arguments\": [1, \"]\"]}}</tool_call>", "[1, \"]\"]")]
    [InlineData("<tool_call>{\"name\": \"functions.f\"}</tool_call>", "")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": </tool_call>", "{\"a\":")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}", "{\"a\": 1}")]
    [InlineData("<think>Hm.\n<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>", "{}")]
    public void Calls_of_Qwen_are_read(string answer, string arguments)
    {
        var message = Answers.Read("chatml", "qwen3", answer, Answers.Tools("f"));
        Assert.Equal("", message.Content);
        Assert.Equal([new ToolCall("call_0", "f", arguments)], message.ToolCalls);
    }

    [Fact]
    public void Reasoning_text_and_calls_of_Qwen_read_back_as_they_render()
    {
        var message = new ChatMessage("assistant", "Text.")
        {
            ReasoningContent = "Think.",
            ToolCalls = [new ToolCall("call_0", "f", "{\"a\": 1}"), new ToolCall("call_1", "g", "{}")],
        };
        var tokenizer = Loaded.Get("qwen3");
        var request = new PromptRequest([new ChatMessage("user", "x")]);
        var template = TemplateFactory.Create("chatml");
        var before = PromptEncoder.Encode(template.Render(request), tokenizer);
        var after = PromptEncoder.Encode(template.Render(request with { Messages = [.. request.Messages, message], AddGenerationPrompt = false }), tokenizer);
        Assert.Equal(Answers.Show(message), Answers.Show(Answers.Read(template, tokenizer, after[before.Length..^2], request)));
    }

    [Fact]
    public void What_is_no_call_between_the_markers_is_shown() => Assert.Equal("not a call", Answers.Read("chatml", "qwen3", "<tool_call>not a call</tool_call>").Content);

    [Theory]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\": 1}}", 1)]
    [InlineData("<|python_tag|>{\"name\": \"f\", \"parameters\": {\"a\": 1}}", 1)]
    [InlineData("\n{\"type\": \"function\", \"name\": \"f\", \"parameters\": {\"a\": 1}}; {\"name\": \"f\", \"parameters\": {\"a\": 1}}", 2)]
    public void Calls_of_Llama_are_read(string answer, int count)
    {
        var message = Answers.Read("llama-3", "gpt-2", answer, Answers.Tools("f"));
        Assert.Equal("", message.Content);
        Assert.Equal(Enumerable.Range(0, count).Select(i => new ToolCall($"call_{i}", "f", "{\"a\": 1}")), message.ToolCalls);
    }

    [Theory]
    [InlineData("{\"name\": \"Bob\", \"parameters\": {\"a\": 1}}")]
    [InlineData("{\"answer\": {\"name\": \"f\", \"parameters\": {}}}")]
    [InlineData(" {not JSON} ")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("Text {\"name\": \"f\", \"parameters\": {}}")]
    public void Other_JSON_of_Llama_is_text(string answer)
    {
        var message = Answers.Read("llama-3", "gpt-2", answer, Answers.Tools("f"));
        Assert.Equal((answer, 0), (message.Content, message.ToolCalls.Count));
        Assert.Equal(answer, Answers.Read("llama-3", "gpt-2", answer).Content);
    }

    [Theory]
    [InlineData("llama-3")]
    [InlineData("chatml")]
    [InlineData("grok-2")]
    public void Reasoning_is_parted_from_text_in_every_family(string template)
    {
        var message = Answers.Read(template, "gpt-2", "<think>\nThink.\n</think>\n\nText.\n");
        Assert.Equal(("Think.", "Text.\n"), (message.ReasoningContent?.Trim(), message.Content?.TrimStart()));
    }

    [Fact]
    public void A_base_models_text_is_the_answer()
    {
        const string Text = "<think>\n</think><|im_end|><tool_call>{\n\n";
        Assert.Equal(Text, Answers.Read("plain", "gpt-2", Text).Content);
    }
}
