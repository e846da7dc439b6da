using System.Text;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Training.Data;

/// <summary>Turns examples into tokens, with a flag at each that is to be learnt: all of a text; of a conversation what the assistant writes, its end included.</summary>
public sealed class ExampleEncoder(Tokenizer tokenizer, ChatTemplate template)
{
    private const string AssistantMarker = "<|im_assistant|>";
    private const string MiddleMarker = "<|im_middle|>";
    private const string EndMarker = "<|im_end|>";

    private readonly int _end = tokenizer.EosId ?? throw new NotSupportedException("expected a tokenizer with an end token, found none");

    /// <summary>Adds an example's tokens and flags.</summary>
    public void Encode(Example example, List<int> ids, List<bool> isLearnt)
    {
        ArgumentNullException.ThrowIfNull(example);
        if (example.Text is { } text)
        {
            tokenizer.Encode(text, ids, TextTrust.Untrusted);
            ids.Add(_end);
            Mark(ids, isLearnt, true);
            return;
        }

        EncodeConversation(template.Render(example.Conversation!), ids, isLearnt);
    }

    // As PromptEncoder does it: text between two markers is encoded in one piece.
    private void EncodeConversation(IReadOnlyList<PromptSegment> segments, List<int> ids, List<bool> isLearnt)
    {
        var text = new StringBuilder();
        var (isAssistant, isBody) = (false, false);
        foreach (var segment in segments)
        {
            if (!segment.IsMarker || tokenizer.FindMarker(segment.Text) is not { } id)
            {
                text.Append(segment.Text);
                continue;
            }

            Flush(text, ids);
            Mark(ids, isLearnt, isBody);
            ids.Add(id);
            Mark(ids, isLearnt, isBody);
            isAssistant = segment.Text == AssistantMarker || (isAssistant && segment.Text != EndMarker);
            isBody = isAssistant && (isBody || segment.Text == MiddleMarker);
        }

        Flush(text, ids);
        Mark(ids, isLearnt, isBody);
    }

    private void Flush(StringBuilder text, List<int> ids)
    {
        if (text.Length > 0)
        {
            tokenizer.Encode(text.ToString(), ids, TextTrust.Untrusted, ids.Count == 0);
            text.Clear();
        }
    }

    private static void Mark(List<int> ids, List<bool> isLearnt, bool value)
    {
        while (isLearnt.Count < ids.Count)
        {
            isLearnt.Add(value);
        }
    }
}
