using Crescent.Text.Answers;
using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Answers;

public class KimiAnswerReaderTests
{
    private const string Section = "<|tool_calls_section_begin|>";
    private const string EndSection = "<|tool_calls_section_end|>";
    private const string Argument = "<|tool_call_argument_begin|>";

    [Theory]
    [InlineData("functions.get-time.utc_2:0", "get-time.utc_2")]
    [InlineData(" functions.f:0\n", "f")]
    [InlineData("functions.f:12", "f")]
    [InlineData("functions.f", "f")]
    [InlineData("f:3", "f")]
    [InlineData("f", "f")]
    [InlineData("functionsexec5", "exec")]
    [InlineData("functions.functions.f:0", "f")]
    [InlineData("call_abc:exec", "exec")]
    [InlineData("call_abc exec", "exec")]
    [InlineData("exec_2", "exec")]
    [InlineData("functions.unknown:0", "unknown")]
    [InlineData("search:2", "search")]
    [InlineData("functions.搜索:0", "搜索")]
    public void A_name_is_found_in_every_form_of_id(string id, string name)
    {
        var message = Read($"Text.{Call(id, "{\"a\": 1}")}");
        Assert.Equal("Text.", message.Content);
        Assert.Equal([new ToolCall($"functions.{name}:0", name, "{\"a\": 1}")], message.ToolCalls);
    }

    [Theory]
    [InlineData("call_abc")]
    [InlineData("call00003")]
    [InlineData("?!")]
    public void An_id_without_any_name_is_shown(string id)
    {
        var message = Read(Call(id, "{}"));
        Assert.Equal((0, id + "{}"), (message.ToolCalls.Count, message.Content));
    }

    [Fact]
    public void Without_tools_on_offer_the_id_is_the_name() => Assert.Equal("search", Assert.Single(Read(Call("search", "{}"), Answers.Tools()).ToolCalls).Name);

    [Theory]
    [InlineData("<|tool_call_begin|>f:0<|tool_call_argument_begin|>{}<|tool_call_end|>")]
    [InlineData("<|tool_call_begin|>f:0<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>")]
    [InlineData(Section + "<|tool_call_begin|>f:0" + Argument + "{}" + EndSection)]
    [InlineData(Section + "<|tool_call_begin|>f:0" + Argument + "{}")]
    [InlineData(Section + "\n<|tool_call_begin|>\nf:0\n" + Argument + "\n{} \n<|tool_call_end|>\n" + EndSection)]
    [InlineData(Section + "<|tool_call_begin|>f:0 {}<|tool_call_end|>" + EndSection)]
    [InlineData(Section + "<|tool_call_begin|>f:0{}")]
    [InlineData(Section + "f:0" + Argument + "{}<|tool_call_end|>")]
    [InlineData("<|tool_call_section_begin|><|tool_call_begin|>f:0" + Argument + "{}<|tool_call_end|><|tool_call_section_end|>")]
    public void A_call_is_read_with_markers_missing_or_misspelled(string answer)
    {
        var message = Read(answer);
        Assert.Equal(("", null), (message.Content, message.ReasoningContent));
        Assert.Equal([new ToolCall("functions.f:0", "f", "{}")], message.ToolCalls);
    }

    [Fact]
    public void Calls_count_over_the_conversation()
    {
        var request = Answers.Tools("f", "exec") with
        {
            Messages =
            [
                new ChatMessage("user", "x"),
                new ChatMessage("assistant", "") { ToolCalls = [new ToolCall("call_x", "f", "{}"), new ToolCall("functions.f:7", "f", "{}")] },
            ],
        };
        var message = Read(Section + Bare("f:0", "1") + Bare("functions.exec:0", "2") + EndSection, request);
        Assert.Equal(["functions.f:8", "functions.exec:9"], message.ToolCalls.Select(call => call.Id));
    }

    [Theory]
    [InlineData("<think>I will look.")]
    [InlineData("I will look.")]
    [InlineData("<think>I will look.</think>")]
    public void A_call_ends_the_thinking(string before)
    {
        var message = Answers.Read("kimi-k2-thinking", "kimi-k2", before + Section + Bare("f:0", "{}") + EndSection + "</think>", Answers.Tools("f"));
        Assert.Equal(("I will look.", ""), (message.ReasoningContent, message.Content));
        Assert.Single(message.ToolCalls);
    }

    [Theory]
    [InlineData("<think>a</think>b", "a", "b")]
    [InlineData("a</think>b", "a", "b")]
    [InlineData("<think></think>b", null, "b")]
    [InlineData("<think>a", "a", "")]
    public void Thinking_is_parted_from_text(string answer, string? reasoning, string content)
    {
        var message = Answers.Read("kimi-k2-thinking", "kimi-k2", answer);
        Assert.Equal((reasoning, content), (message.ReasoningContent, message.Content));
    }

    [Theory]
    [InlineData("{\"a\": ")]
    [InlineData("not json")]
    [InlineData("{\"text\": \"<|tool_call_end|> is spelled here\"}")]
    public void Arguments_are_passed_as_they_were_written(string arguments)
    {
        // Text that only spells a marker has none of its tokens.
        var tokenizer = Loaded.Get("kimi-k2");
        int[] ids =
        [
            .. tokenizer.Encode(Section + "<|tool_call_begin|>f:0" + Argument, parseSpecial: true), .. tokenizer.Encode(arguments), .. tokenizer.Encode("<|tool_call_end|>", parseSpecial: true),
        ];
        Assert.Equal([new ToolCall("functions.f:0", "f", arguments.Trim())], Answers.Read(TemplateFactory.Create("kimi-k2"), tokenizer, ids, Answers.Tools("f")).ToolCalls);
    }

    [Fact]
    public void What_was_rendered_reads_back_whether_markers_are_tokens_or_text()
    {
        var tokenizer = Loaded.Get("kimi-k2");
        var template = new KimiK2Template(thinking: true);
        var random = new Random(5);
        for (var i = 0; i < 50; i++)
        {
            var message = new ChatMessage("assistant", Samples.Text(random, 10).Replace("<|im_end|>", "", StringComparison.Ordinal))
            {
                ReasoningContent = Samples.Text(random, 10).Replace("<|im_end|>", "", StringComparison.Ordinal),
                ToolCalls = [new ToolCall("functions.f:0", "f", "{\"a\": \"é😊\"}"), new ToolCall("functions.g.h-i:1", "g.h-i", "{}")],
            };
            var request = new PromptRequest([new ChatMessage("system", "s")]);
            var after = template.Render(request with { Messages = [.. request.Messages, message], AddGenerationPrompt = false }).Skip(template.Render(request).Count).ToArray();
            var text = string.Concat(after.Select(segment => segment.Text));
            foreach (var ids in (int[][])[PromptEncoder.Encode(after, tokenizer), tokenizer.Encode(text), [.. text.EnumerateRunes().SelectMany(rune => tokenizer.Encode(rune.ToString()))]])
            {
                Assert.Equal(Answers.Show(message), Answers.Show(Answers.Read(template, tokenizer, ids, request)));
            }
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(" \n", true)]
    [InlineData("a", false)]
    [InlineData("<|tool_call_begin|>f:0<|tool_call_argument_begin|>", false)]
    public void An_empty_turn_is_told(string answer, bool isEmpty)
    {
        var tokenizer = Loaded.Get("kimi-k2");
        var reader = new KimiK2Template(thinking: false).ReadAnswer(tokenizer, Answers.Tools("f"));
        var events = new List<AnswerEvent>();
        foreach (var id in tokenizer.Encode(answer, parseSpecial: true))
        {
            reader.Push(id, events);
        }

        reader.Finish(events);
        Assert.Equal(isEmpty, reader.IsEmpty);
    }

    private static string Call(string id, string arguments) => Section + Bare(id, arguments) + EndSection;

    private static string Bare(string id, string arguments) => $"<|tool_call_begin|>{id}{Argument}{arguments}<|tool_call_end|>";

    private static ChatMessage Read(string answer, PromptRequest? request = null) => Answers.Read("kimi-k2", "kimi-k2", answer, request ?? Answers.Tools("f", "exec", "get-time.utc_2"));
}
