using Crescent.Server.Answers;
using Crescent.Server.Anthropic.Wire;

namespace Crescent.Server.Anthropic;

/// <summary>The events of a block.</summary>
internal static class MessageEvents
{
    public static IEnumerable<MessageEvent> Of(SectionStep step)
    {
        var (kind, section, text) = step;
        switch (kind)
        {
            case SectionStepKind.Open:
                yield return new MessageEvent("content_block_start") { Index = section.Index, ContentBlock = ContentBlock.Empty(section) };
                break;
            case SectionStepKind.Append:
                yield return Delta(section, Added(section.Kind, text));
                break;
            case SectionStepKind.Close:
                if (section.Kind == SectionKind.Reasoning)
                {
                    yield return Delta(section, new BlockDelta("signature_delta") { Signature = ThinkingSignature.Of(section.Text) });
                }

                yield return new MessageEvent("content_block_stop") { Index = section.Index };
                break;
        }
    }

    private static MessageEvent Delta(AnswerSection section, BlockDelta delta) => new("content_block_delta") { Index = section.Index, Delta = delta };

    private static BlockDelta Added(SectionKind kind, string text) => kind switch
    {
        SectionKind.Reasoning => new BlockDelta("thinking_delta") { Thinking = text },
        SectionKind.Call => new BlockDelta("input_json_delta") { PartialJson = text },
        _ => new BlockDelta("text_delta") { Text = text },
    };
}
