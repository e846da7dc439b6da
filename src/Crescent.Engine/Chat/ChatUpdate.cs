using Crescent.Engine.Runtime;
using Crescent.Text.Answers;

namespace Crescent.Engine.Chat;

/// <summary>What has become known of an answer.</summary>
/// <param name="Choice">Which of the request's answers, from 0.</param>
public abstract record ChatUpdate(int Choice);

/// <summary>A part of the prompt was computed.</summary>
/// <param name="Cached">Tokens that were found in the cache.</param>
/// <param name="Processed">Tokens that are done, cached ones among them.</param>
/// <param name="Elapsed">Time since the request's turn began.</param>
public sealed record PrefillUpdate(int Choice, int Total, int Cached, int Processed, TimeSpan Elapsed) : ChatUpdate(Choice);

/// <summary>The prompt's tokens with their log-probabilities, null for the first: once, before any piece.</summary>
public sealed record PromptUpdate(int Choice, IReadOnlyList<ScoredToken?> Scores) : ChatUpdate(Choice);

/// <summary>The prompt's embedding: the mean of its last hidden states, scaled to length one: [hidden].</summary>
public sealed record EmbeddingUpdate(int Choice, IReadOnlyList<float> Embedding) : ChatUpdate(Choice);

/// <summary>The answer went on.</summary>
/// <param name="Events">Pieces of it; none where tokens are held back.</param>
/// <param name="Ids">Tokens since the last piece.</param>
/// <param name="Scores">Their log-probabilities; none where they were not asked for.</param>
public sealed record PieceUpdate(int Choice, IReadOnlyList<AnswerEvent> Events, IReadOnlyList<int> Ids, IReadOnlyList<ScoredToken> Scores) : ChatUpdate(Choice);

/// <summary>The answer is complete.</summary>
/// <param name="StopString">The stop string that ended it, if one did.</param>
/// <param name="Note">Why it is shorter than it might be, where that is not the request's doing.</param>
public sealed record EndUpdate(int Choice, AnswerEnd Reason, string? StopString, AnswerUsage Usage, AnswerTimings Timings, string? Note) : ChatUpdate(Choice);
