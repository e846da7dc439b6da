using Crescent.Text.Templates;
using Crescent.Text.Tests.Answers;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Templates;

/// <summary>Prompts whose last message is left open for the model to go on with.</summary>
public class OpenMessageTests
{
    [Theory]
    [InlineData("kimi-k2", "<|im_assistant|>assistant<|im_middle|>One, t")]
    [InlineData("kimi-k2-thinking", "<|im_assistant|>assistant<|im_middle|><think></think>One, t")]
    [InlineData("chatml", "<|im_start|>assistant\nOne, t")]
    [InlineData("llama-3", "<|start_header_id|>assistant<|end_header_id|>\n\nOne, t")]
    [InlineData("harmony", "<|start|>assistant<|channel|>final<|message|>One, t")]
    [InlineData("deepseek-v3", "<｜Assistant｜>One, t")]
    [InlineData("deepseek-r1", "<｜Assistant｜>One, t")]
    [InlineData("deepseek-v3.1", "<｜Assistant｜></think>One, t")]
    [InlineData("grok-2", "Assistant: One, t")]
    [InlineData("plain", "One, t")]
    public void An_open_message_ends_the_prompt(string template, string end)
    {
        Assert.EndsWith(end, Prompts.Text(TemplateFactory.Create(template), Request("One, t", null)), StringComparison.Ordinal);
        var vocabulary = template switch { "harmony" => "o200k", "chatml" => "qwen3", _ when template.StartsWith("deep", StringComparison.Ordinal) => "deepseek-v3", _ => "kimi-k2" };
        var message = Answers.Answers.Read(template, vocabulary, "wo.", Request("One, t", null));
        Assert.Equal(("wo.", null), (message.Content, message.ReasoningContent));
    }

    [Theory]
    [InlineData("kimi-k2-thinking", "kimi-k2", "<|im_middle|><think>Let m", "e see.</think>Two.")]
    [InlineData("chatml", "qwen3", "<|im_start|>assistant\n<think>\nLet m", "e see.\n</think>\n\nTwo.")]
    [InlineData("harmony", "o200k", "<|channel|>analysis<|message|>Let m", "e see.<|end|><|start|>assistant<|channel|>final<|message|>Two.")]
    [InlineData("deepseek-r1", "deepseek-v3", "<｜Assistant｜><think>\nLet m", "e see.\n</think>\n\nTwo.")]
    [InlineData("deepseek-v3.1", "deepseek-v3", "<｜Assistant｜><think>Let m", "e see.</think>Two.")]
    public void A_message_with_reasoning_alone_is_left_open_within_it(string template, string vocabulary, string end, string answer)
    {
        var request = Request("", "Let m");
        Assert.EndsWith(end, Prompts.Text(TemplateFactory.Create(template), request), StringComparison.Ordinal);
        var message = Answers.Answers.Read(template, vocabulary, answer, request);
        Assert.Equal(("e see.", "Two."), (message.ReasoningContent, message.Content));
    }

    [Fact]
    public void Only_an_assistants_message_without_calls_is_left_open()
    {
        foreach (var name in TemplateFactory.Names)
        {
            Assert.Throws<ArgumentException>(() => TemplateFactory.Create(name).Render(new PromptRequest([new ChatMessage("user", "x")]) { ContinueLastMessage = true }));
            Assert.Throws<ArgumentException>(() => TemplateFactory.Create(name).Render(new PromptRequest([]) { ContinueLastMessage = true }));
        }
    }

    [Fact]
    public void An_open_message_settles_no_question()
    {
        var request = new PromptRequest(
        [
            new ChatMessage("user", "x"),
            new ChatMessage("assistant", "") { ReasoningContent = "why", ToolCalls = [new ToolCall("functions.f:0", "f", "{}")] },
            new ChatMessage("tool", "1") { ToolCallId = "functions.f:0" },
            new ChatMessage("assistant", "It is"),
        ])
        { ContinueLastMessage = true };
        Assert.Contains("<think>why</think>", Prompts.Text(TemplateFactory.Create("kimi-k2-thinking"), request), StringComparison.Ordinal);
    }

    private static PromptRequest Request(string content, string? reasoning) =>
        new([new ChatMessage("user", "Count."), new ChatMessage("assistant", content) { ReasoningContent = reasoning }]) { ContinueLastMessage = true };
}
