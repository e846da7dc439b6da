using Crescent.Text.Templates;

namespace Crescent.Tests.Templates;

public sealed class PartialAnswerTests
{
    private static readonly PromptRequest s_request = new([new ChatMessage("user", "Write a list."), new ChatMessage("assistant", "1. apples")]);

    public static TheoryData<string> Names => [.. TemplateFactory.Names.Where(name => name != "harmony")];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_the_conversation_up_to_the_end_of_its_last_message(string name)
    {
        var template = TemplateFactory.Create(name);
        var whole = Text(template.Render(s_request with { AddGenerationPrompt = false }));
        var partial = Text(PartialAnswer.Render(template, s_request));
        Assert.EndsWith("1. apples", partial, StringComparison.Ordinal);
        Assert.StartsWith(partial, whole, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_whose_messages_end_otherwise_is_refused() =>
        Assert.Contains("harmony", Assert.Throws<NotSupportedException>(() => PartialAnswer.Render(TemplateFactory.Create("harmony"), s_request)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_name_stands_where_the_family_writes_it()
    {
        var request = s_request with { Messages = [s_request.Messages[0], s_request.Messages[1] with { Name = "Kelsier" }] };
        Assert.EndsWith("<|im_assistant|>Kelsier<|im_middle|>1. apples", Text(PartialAnswer.Render(TemplateFactory.Create("kimi-k2"), request)), StringComparison.Ordinal);
    }

    private static string Text(IReadOnlyList<PromptSegment> segments) => string.Concat(segments.Select(segment => segment.Text));
}
