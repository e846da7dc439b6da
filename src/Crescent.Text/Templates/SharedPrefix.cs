using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>The part of a prompt that other conversations with the same system message and tools begin with too.</summary>
public static class SharedPrefix
{
    // First words that begin with different characters: whatever the user says, one of them parts from it at once.
    private static readonly string[] s_others = ["A", "7"];

    /// <summary>
    /// Tokens of that part. Found by rendering other conversations behind the same beginning, and comparing tokens: so it is right for every template, wherever
    /// it puts system message and tools, and where a token spans the seam.
    /// </summary>
    /// <param name="ids">The request as <see cref="PromptEncoder"/> encodes it.</param>
    public static int Count(ChatTemplate template, PromptRequest request, Tokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(request);
        var system = request.Messages.TakeWhile(message => message.Role is not ("user" or "assistant" or "tool")).ToArray();
        var count = ids.Length;
        foreach (var other in s_others)
        {
            var rendered = template.Render(request with { Messages = [.. system, new ChatMessage("user", other)], ContinueLastMessage = false });
            count = Math.Min(count, ids.CommonPrefixLength(PromptEncoder.Encode(rendered, tokenizer)));
        }

        return count;
    }
}
