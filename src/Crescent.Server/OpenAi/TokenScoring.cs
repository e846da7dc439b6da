using System.Text;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Server.OpenAi.Wire;
using Crescent.Text.Tokenizers;

namespace Crescent.Server.OpenAi;

/// <summary>Log-probabilities as the two completion APIs write them.</summary>
internal static class TokenScoring
{
    // JSON has no infinity: what has no probability is far below all that has.
    private const float Least = -9999;

    public static Logprobs Chat(IReadOnlyList<ScoredToken> tokens, Tokenizer tokenizer) => new([.. tokens.Select(token => Token(token, tokenizer))]);

    /// <param name="tokens">Null entries are tokens without a log-probability: the first of a prompt.</param>
    /// <param name="ids">All tokens.</param>
    /// <param name="startOfText">Whether the tokens begin a text.</param>
    /// <param name="offset">Where their text begins.</param>
    public static CompletionLogprobs Completion(IReadOnlyList<ScoredToken?> tokens, IReadOnlyList<int> ids, Tokenizer tokenizer, bool startOfText, int offset)
    {
        var decoder = new TokenStreamDecoder(tokenizer, startOfText: startOfText);
        var offsets = new int[ids.Count];
        for (var i = 0; i < ids.Count; i++)
        {
            offsets[i] = offset;
            offset += decoder.Push(ids[i]).Length;
        }

        return new CompletionLogprobs(
            [.. ids.Select(id => Name(id, tokenizer))],
            [.. tokens.Select(token => token is null ? null : (float?)Bound(token.LogProbability))],
            [.. tokens.Select(token => token is null ? null : Top(token, tokenizer))],
            offsets);
    }

    private static TokenLogprob Token(ScoredToken token, Tokenizer tokenizer) =>
        Of(token.Id, token.LogProbability, tokenizer, [.. token.Top.Select(top => Of(top.Id, top.LogProbability, tokenizer, null))]);

    private static TokenLogprob Of(int id, float logProbability, Tokenizer tokenizer, IReadOnlyList<TokenLogprob>? top)
    {
        var bytes = Bytes(id, tokenizer);
        return new TokenLogprob(Encoding.UTF8.GetString(bytes), Bound(logProbability), [.. bytes.Select(value => (int)value)], top);
    }

    private static Dictionary<string, float> Top(ScoredToken token, Tokenizer tokenizer)
    {
        var top = new Dictionary<string, float>(token.Top.Count + 1);
        foreach (var (id, logProbability) in token.Top.Append(new TokenLogProbability(token.Id, token.LogProbability)))
        {
            var name = Name(id, tokenizer);
            top[name] = Math.Max(top.GetValueOrDefault(name, Least), Bound(logProbability));
        }

        return top;
    }

    // Tokens that are no text alone are told apart by their bytes, as OpenAI's old API does.
    private static string Name(int id, Tokenizer tokenizer)
    {
        var bytes = Bytes(id, tokenizer);
        var text = Encoding.UTF8.GetString(bytes);
        return text.Contains('\uFFFD', StringComparison.Ordinal) ? "bytes:" + string.Concat(bytes.Select(value => $"\\x{value:x2}")) : text;
    }

    // Of a control token its name; an id beyond the tokenizer's has none.
    private static byte[] Bytes(int id, Tokenizer tokenizer) => id >= tokenizer.VocabularySize ? [] : tokenizer.Decode([id], showSpecial: true, startOfText: false);

    private static float Bound(float logProbability) => float.IsFinite(logProbability) ? logProbability : Least;
}
