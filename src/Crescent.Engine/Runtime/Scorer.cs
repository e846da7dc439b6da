using Crescent.Engine.KvCache;
using Crescent.Engine.Models;

namespace Crescent.Engine.Runtime;

/// <summary>Runs a given text through a model and hands out the logits of every position: for perplexity, tests and comparisons. It chooses no token.</summary>
public static class Scorer
{
    /// <param name="tokens">The text; fed as a prompt.</param>
    /// <param name="chunk">Tokens a step; results do not depend on it.</param>
    /// <param name="visit">Called with each position from <paramref name="firstVisited"/> on and its logits [vocab], in order.</param>
    /// <param name="firstVisited">Positions before it are run but get no logits.</param>
    /// <exception cref="ArgumentException">The text is empty, or holds ids outside the vocabulary.</exception>
    public static void Run(LanguageModel model, ReadOnlySpan<int> tokens, int chunk, Action<int, Span<float>> visit, int firstVisited = 0, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunk, model.Batch.MaxTokens);
        if (tokens.IsEmpty)
        {
            throw new ArgumentException("expected a text of at least one token, found none", nameof(tokens));
        }

        using var pool = new PagePool(model.CacheLayout, PagePool.PagesFor(tokens.Length));
        var pages = new SequencePages(pool);
        for (var first = 0; first < tokens.Length; first += chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(chunk, tokens.Length - first);
            pages.TryReserve(first + count);
            model.Batch.Clear();
            model.Batch.Add(tokens.Slice(first, count), first, pages, isPrompt: true);
            var skipped = Math.Clamp(firstVisited - first, 0, count);
            for (var i = skipped; i < count; i++)
            {
                model.Batch.WantLogits(i);
            }

            model.Forward();
            for (var i = skipped; i < count; i++)
            {
                visit(first + i, model.LogitsOf(i - skipped));
            }
        }
    }
}
