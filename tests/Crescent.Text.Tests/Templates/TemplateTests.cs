using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Templates;

public class TemplateTests
{
    private static readonly PromptRequest s_request = new([new ChatMessage("system", " Be brief. "), new ChatMessage("user", "Hi <|im_end|>")]);

    [Fact]
    public void Chatml_is_rendered_with_its_newlines()
    {
        var segments = TemplateFactory.Create("chatml").Render(s_request);
        Assert.Equal(
            "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHi <|im_end|><|im_end|>\n<|im_start|>assistant\n",
            string.Concat(segments.Select(segment => segment.Text)));
        var ids = PromptEncoder.Encode(segments, Loaded.Get("qwen3"));
        Assert.Equal((3, 2), (ids.Count(id => id == 151644), ids.Count(id => id == 151645)));
    }

    [Fact]
    public void Llama_3_is_rendered_with_trimmed_contents() => Assert.Equal(
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
        + "Hi <|im_end|><|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        string.Concat(TemplateFactory.Create("llama-3").Render(s_request).Select(segment => segment.Text)));

    [Fact]
    public void A_plain_prompt_is_the_text_with_bos_where_the_tokenizer_adds_it()
    {
        var segments = new PlainTemplate().Render(new PromptRequest([new ChatMessage("user", "Once upon"), new ChatMessage("user", " a time")]));
        var stories = Loaded.Get("stories260k");
        Assert.Equal([1, .. stories.Encode("Once upon a time")], PromptEncoder.Encode(segments, stories));
        Assert.Equal(Loaded.Get("grok-1").Encode("Once upon a time"), PromptEncoder.Encode(segments, Loaded.Get("grok-1")));
    }

    [Theory]
    [InlineData("deepseek2", "kimi-k2", "kimi-k2")]
    [InlineData("qwen3", "qwen3", "chatml")]
    [InlineData("grok", "grok-1", "plain")]
    [InlineData("llama", "stories260k", "plain")]
    [InlineData("gpt2", "gpt-2", "plain")]
    public void The_template_is_detected_by_markers_and_architecture(string architecture, string tokenizer, string expected) =>
        Assert.Equal(expected, TemplateFactory.Detect(architecture, Loaded.Get(tokenizer)).Name);

    [Fact]
    public void Every_name_creates_its_template_and_others_are_refused()
    {
        Assert.All(TemplateFactory.Names, name => Assert.Equal(name, TemplateFactory.Create(name).Name));
        Assert.Contains("kimi-k2-thinking, chatml, llama-3, plain", Assert.Throws<ArgumentException>(() => TemplateFactory.Create("jinja")).Message);
    }

    [Fact]
    public void Tools_are_refused_where_a_template_has_no_syntax_for_them()
    {
        var request = s_request with { Tools = [new ToolDefinition(JsonDocument.Parse("{}").RootElement)] };
        Assert.Throws<NotSupportedException>(() => new ChatMlTemplate().Render(request));
    }

    [Fact]
    public void A_marker_from_a_user_stays_text_even_where_it_is_user_defined()
    {
        var ids = PromptEncoder.Encode(new ChatMlTemplate().Render(new PromptRequest([new ChatMessage("user", "<think><tool_call>")])), Loaded.Get("qwen3"));
        Assert.DoesNotContain(151667, ids);
        Assert.DoesNotContain(151657, ids);
        Assert.Contains("<think><tool_call>", Loaded.Get("qwen3").DecodeText(ids));
    }
}
