using System.Text;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>Turns a rendered prompt into ids: markers by their names, text so that nothing in it becomes a marker.</summary>
public static class PromptEncoder
{
    /// <summary>
    /// The ids of a prompt, with BOS in front where the tokenizer wants it and the template has not written it. A marker the
    /// vocabulary lacks is text, and joins the text around it, since tokens may span the seam.
    /// </summary>
    public static int[] Encode(IReadOnlyList<PromptSegment> segments, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(segments);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ids = new List<int>();
        if (tokenizer.AddBos && !BeginsWithBos(segments, tokenizer))
        {
            ids.Add(tokenizer.BosId!.Value);
        }

        var text = new StringBuilder();
        var startOfText = true;
        foreach (var segment in segments)
        {
            if (segment.IsMarker && tokenizer.FindMarker(segment.Text) is { } id)
            {
                startOfText &= !EncodeText(text, ids, tokenizer, startOfText);
                ids.Add(id);
            }
            else
            {
                text.Append(segment.Text);
            }
        }

        EncodeText(text, ids, tokenizer, startOfText);
        return [.. ids];
    }

    private static bool BeginsWithBos(IReadOnlyList<PromptSegment> segments, Tokenizer tokenizer) =>
        segments is [{ IsMarker: true } first, ..] && tokenizer.FindMarker(first.Text) == tokenizer.BosId;

    private static bool EncodeText(StringBuilder text, List<int> ids, Tokenizer tokenizer, bool startOfText)
    {
        if (text.Length == 0)
        {
            return false;
        }

        tokenizer.Encode(text.ToString(), ids, TextTrust.Untrusted, startOfText);
        text.Clear();
        return true;
    }
}
