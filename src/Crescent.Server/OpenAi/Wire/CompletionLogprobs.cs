namespace Crescent.Server.OpenAi.Wire;

/// <summary>Log-probabilities as the old completions API lists them: an entry a token in each list.</summary>
/// <param name="TokenLogprobs">Null for the prompt's first token.</param>
/// <param name="TopLogprobs">The likeliest tokens in its place, and the token itself.</param>
/// <param name="TextOffset">Where the token's text begins, in UTF-16 units.</param>
internal sealed record CompletionLogprobs(
    IReadOnlyList<string> Tokens, IReadOnlyList<float?> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogprobs, IReadOnlyList<int> TextOffset);
