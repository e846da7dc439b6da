namespace Crescent.Cli.Benchmarks;

/// <summary>What a benchmark measures. Counts are tokens, <see cref="Batches"/> sequences.</summary>
/// <param name="Depths">Tokens in the cache before each test, ascending.</param>
/// <param name="Profiles">Whether the last repeat of each test tells where its time went.</param>
internal sealed record BenchPlan(int PromptTokens, int DecodeTokens, IReadOnlyList<int> Depths, IReadOnlyList<int> Batches, int Repeats, bool Profiles = false)
{
    public int MostSequences => DecodeTokens > 0 ? Batches.Max() : 1;

    /// <summary>Most tokens that a test adds to the depth: a batch's sequences may take a few steps to begin together, and those ahead go on meanwhile.</summary>
    public int TailTokens => 1 + Math.Max(PromptTokens, DecodeTokens + MostSequences + 1);

    /// <summary>Context that the longest test needs.</summary>
    public int Context => Depths[^1] + TailTokens + 1;
}
