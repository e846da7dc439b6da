using Crescent.Server.Answers;
using Crescent.Server.Responses.Wire;

namespace Crescent.Server.Responses;

/// <summary>The events of an item, not yet numbered.</summary>
internal sealed class ResponseEvents(ResponseWriter writer)
{
    /// <param name="isCut">Whether the answer ended here for want of room.</param>
    public IEnumerable<ResponseEvent> Of(SectionStep step, bool isCut = false) => step.Kind switch
    {
        SectionStepKind.Open => Open(step.Section),
        SectionStepKind.Append => [Named(step.Section, $"{TextName(step.Section.Kind)}.delta") with { Delta = step.Text, Logprobs = Logprobs(step.Section) }],
        _ => Close(step.Section, isCut),
    };

    private IEnumerable<ResponseEvent> Open(AnswerSection section)
    {
        yield return new ResponseEvent("response.output_item.added") { OutputIndex = section.Index, Item = writer.Empty(section) };
        if (section.Kind != SectionKind.Call)
        {
            yield return Named(section, "response.content_part.added") with { Part = OutputPart.Of(section.Kind, "") };
        }
    }

    private IEnumerable<ResponseEvent> Close(AnswerSection section, bool isCut)
    {
        var done = Named(section, $"{TextName(section.Kind)}.done");
        if (section.Kind == SectionKind.Call)
        {
            yield return done with { Name = section.CallName, Arguments = section.Text };
        }
        else
        {
            yield return done with { Text = section.Text, Logprobs = Logprobs(section) };
            yield return Named(section, "response.content_part.done") with { Part = OutputPart.Of(section.Kind, section.Text) };
        }

        yield return new ResponseEvent("response.output_item.done") { OutputIndex = section.Index, Item = writer.Item(section, isCut) };
    }

    private ResponseEvent Named(AnswerSection section, string type) =>
        new(type) { ItemId = writer.IdOf(section), OutputIndex = section.Index, ContentIndex = section.Kind == SectionKind.Call ? null : 0 };

    private static string TextName(SectionKind kind) => kind switch
    {
        SectionKind.Reasoning => "response.reasoning_text",
        SectionKind.Call => "response.function_call_arguments",
        _ => "response.output_text",
    };

    // Clients expect the field in events of output_text.
    private static IReadOnlyList<System.Text.Json.JsonElement>? Logprobs(AnswerSection section) => section.Kind == SectionKind.Text ? [] : null;
}
