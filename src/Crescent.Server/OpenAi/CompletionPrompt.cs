using Crescent.Server.Http;
using Crescent.Text.Tokenizers;

namespace Crescent.Server.OpenAi;

/// <summary>A text to go on from, or its token ids.</summary>
internal sealed class CompletionPrompt
{
    private readonly string? _text;
    private readonly int[]? _ids;
    private readonly string _path;

    /// <param name="path">Where it is in the request.</param>
    public CompletionPrompt(string text, string path = "prompt") => (_text, _path) = (text, path);

    /// <inheritdoc cref="CompletionPrompt(string, string)"/>
    public CompletionPrompt(int[] ids, string path = "prompt") => (_ids, _path) = (ids, path);

    /// <summary>The ids as they are; a text with the start token before it where the tokenizer wants one.</summary>
    /// <param name="trust">Whether control tokens spelled out in it are those tokens.</param>
    /// <exception cref="ApiException">There is nothing to go on from.</exception>
    public int[] Encode(Tokenizer tokenizer, TextTrust trust = TextTrust.Trusted)
    {
        var ids = new List<int>(_ids ?? []);
        if (_text is not null)
        {
            if (tokenizer.AddBos)
            {
                ids.Add(tokenizer.BosId!.Value);
            }

            tokenizer.Encode(_text, ids, trust);
            if (ids.Count == 0 && (tokenizer.BosId ?? tokenizer.EosId) is { } start)
            {
                ids.Add(start);
            }
        }

        return ids.Count > 0 ? [.. ids] : throw ApiException.Invalid(_path, "expected at least one token, found none");
    }

    /// <summary>The text that an echo shows.</summary>
    public string Show(Tokenizer tokenizer) => _text ?? tokenizer.DecodeText(_ids);
}
