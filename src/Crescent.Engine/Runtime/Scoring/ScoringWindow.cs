namespace Crescent.Engine.Runtime.Scoring;

/// <summary>A stretch of a long text that is run at once, and the part of it that counts.</summary>
/// <param name="Start">Index of the window's first token in the text.</param>
/// <param name="Length">Tokens in the window.</param>
/// <param name="FirstScored">Position inside the window whose logits are the first to count (they predict the token after it).</param>
/// <param name="Scored">Predictions that count.</param>
/// <param name="ReplaceFirst">Whether the first token gives way to the start token.</param>
public readonly record struct ScoringWindow(int Start, int Length, int FirstScored, int Scored, bool ReplaceFirst)
{
    /// <summary>
    /// Every token of the text but the first is predicted once, with at least half a context before it wherever the text has that much: windows of
    /// <paramref name="context"/> tokens, each half a context further than the last, each beginning with the start token where the tokenizer adds one.
    /// </summary>
    public static IEnumerable<ScoringWindow> EveryTokenOnce(int tokens, int context, bool addBos)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(context, 2);
        var stride = Math.Max(1, context / 2);
        var predicted = 1; // the next token to predict
        for (var start = 0; predicted < tokens; start += stride)
        {
            var length = Math.Min(context, tokens - start);
            var first = predicted - 1 - start;
            yield return new ScoringWindow(start, length, first, length - 1 - first, ReplaceFirst: addBos && start > 0);
            predicted = start + length;
        }
    }

    /// <summary>
    /// llama.cpp's way (tools/perplexity): whole contexts one after another, each beginning with the start token where the tokenizer adds one, the second
    /// half of each scored, the rest of the text left out.
    /// </summary>
    /// <exception cref="ArgumentException">The text is shorter than two contexts.</exception>
    public static IEnumerable<ScoringWindow> SecondHalves(int tokens, int context, bool addBos)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(context, 4);
        if (tokens < 2 * (long)context)
        {
            throw new ArgumentException($"expected a text of at least two contexts, {2 * (long)context} tokens, found {tokens}", nameof(tokens));
        }

        var first = context / 2;
        return Enumerable.Range(0, tokens / context).Select(i => new ScoringWindow(i * context, context, first, context - 1 - first, addBos));
    }
}
