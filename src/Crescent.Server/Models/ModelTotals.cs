using Crescent.Engine.Chat;

namespace Crescent.Server.Models;

/// <summary>What a model's engines did since the server began: counts that go on when it is unloaded and loaded again.</summary>
internal readonly record struct ModelTotals(long Answers, long PromptTokens, TimeSpan PromptTime, long GeneratedTokens, TimeSpan AnswerTime, long Steps, long BusySlots, int LongestSequence, long DraftedTokens, long AcceptedTokens, long RepeatedTurns)
{
    public static ModelTotals Of(ChatStatus status) => new(
        status.Answers, status.PromptTokens, status.PromptTime, status.GeneratedTokens, status.AnswerTime, status.Steps, status.BusySlots, status.LongestSequence, status.DraftedTokens, status.AcceptedTokens, status.RepeatedTurns);

    public static ModelTotals operator +(ModelTotals left, ModelTotals right) => new(
        left.Answers + right.Answers,
        left.PromptTokens + right.PromptTokens,
        left.PromptTime + right.PromptTime,
        left.GeneratedTokens + right.GeneratedTokens,
        left.AnswerTime + right.AnswerTime,
        left.Steps + right.Steps,
        left.BusySlots + right.BusySlots,
        Math.Max(left.LongestSequence, right.LongestSequence),
        left.DraftedTokens + right.DraftedTokens,
        left.AcceptedTokens + right.AcceptedTokens,
        left.RepeatedTurns + right.RepeatedTurns);
}
