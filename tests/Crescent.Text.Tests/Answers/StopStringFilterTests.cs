using Crescent.Text.Answers;

namespace Crescent.Text.Tests.Answers;

public class StopStringFilterTests
{
    [Fact]
    public void A_stop_string_ends_the_text_and_what_follows()
    {
        var filter = new StopStringFilter(["END"]);
        var events = Events(Reasoning("END of thought"), Text("one EN"));
        Assert.False(filter.Apply(events));
        Assert.Equal(Events(Reasoning("END of thought"), Text("one ")), events);
        events = Events(Text("D two"), Begin, Arguments("{}"), End);
        Assert.True(filter.Apply(events));
        Assert.Empty(events);
        Assert.False(filter.Apply([Text("more")]) is false);
        Assert.Equal(("one ", "END of thought", 0), (filter.Message.Content, filter.Message.ReasoningContent, filter.Message.ToolCalls.Count));
    }

    [Fact]
    public void Arguments_have_no_stop_strings_and_held_text_comes_before_a_call()
    {
        var filter = new StopStringFilter(["END"]);
        var events = Events(Text("a E"), Begin, Arguments("END"), End);
        Assert.False(filter.Apply(events));
        Assert.Equal(Events(Text("a "), Text("E"), Begin, Arguments("END"), End), events);
        events = Events(Text("EN"));
        Assert.False(filter.Finish(events));
        Assert.Equal(Events(Text("EN")), events);
        Assert.Equal("a EEN", filter.Message.Content);
    }

    private static AnswerEvent Begin { get; } = new(AnswerEventKind.CallBegin, "", 0, "call_0", "f");

    private static AnswerEvent End { get; } = new(AnswerEventKind.CallEnd, "", 0);

    private static AnswerEvent Arguments(string text) => new(AnswerEventKind.CallArguments, text, 0);

    private static AnswerEvent Text(string text) => new(AnswerEventKind.Text, text);

    private static AnswerEvent Reasoning(string text) => new(AnswerEventKind.Reasoning, text);

    private static List<AnswerEvent> Events(params AnswerEvent[] events) => [.. events];
}
