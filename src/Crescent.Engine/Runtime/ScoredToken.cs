using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Engine.Runtime;

/// <summary>A token with its log-probability under the model, before temperature, bias and penalties, and the tokens that were likeliest in its place.</summary>
/// <param name="Top">The likeliest first; as many as were asked for.</param>
public sealed record ScoredToken(int Id, float LogProbability, IReadOnlyList<TokenLogProbability> Top);
