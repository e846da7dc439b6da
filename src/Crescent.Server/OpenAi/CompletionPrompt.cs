using Crescent.Server.Http;
using Crescent.Text.Tokenizers;

namespace Crescent.Server.OpenAi;

/// <summary>A text to go on from, or its token ids.</summary>
internal sealed class CompletionPrompt
{
    private readonly string? _text;
    private readonly int[]? _ids;

    public CompletionPrompt(string text) => _text = text;

    public CompletionPrompt(int[] ids) => _ids = ids;

    /// <summary>The ids as they are; a text with the start token before it where the tokenizer wants one. Control tokens spelled out in it are those tokens.</summary>
    /// <exception cref="ApiException">There is nothing to go on from.</exception>
    public int[] Encode(Tokenizer tokenizer)
    {
        var ids = new List<int>(_ids ?? []);
        if (_text is not null)
        {
            if (tokenizer.AddBos)
            {
                ids.Add(tokenizer.BosId!.Value);
            }

            tokenizer.Encode(_text, ids, TextTrust.Trusted);
            if (ids.Count == 0 && (tokenizer.BosId ?? tokenizer.EosId) is { } start)
            {
                ids.Add(start);
            }
        }

        return ids.Count > 0 ? [.. ids] : throw ApiException.Invalid("prompt", "expected at least one token, found none");
    }

    /// <summary>The text that an echo shows.</summary>
    public string Show(Tokenizer tokenizer) => _text ?? tokenizer.DecodeText(_ids);
}
