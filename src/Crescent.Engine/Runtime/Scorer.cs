using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Scoring;

namespace Crescent.Engine.Runtime;

/// <summary>Runs a given text through a model and hands out the logits of every position: for perplexity, tests and comparisons. It chooses no token.</summary>
public static class Scorer
{
    /// <param name="visit">Called with each position from <paramref name="firstVisited"/> on and its logits [vocab], in order.</param>
    /// <inheritdoc cref="ScoringPass(LanguageModel, ReadOnlySpan{int}, int, int)"/>
    public static void Run(LanguageModel model, ReadOnlySpan<int> tokens, int chunk, Action<int, Span<float>> visit, int firstVisited = 0, CancellationToken cancellation = default)
    {
        using var pass = new ScoringPass(model, tokens, chunk, firstVisited);
        while (pass.Step(cancellation))
        {
            for (var (position, end) = pass.Visited; position < end; position++)
            {
                visit(position, pass.LogitsOf(position));
            }
        }
    }
}
