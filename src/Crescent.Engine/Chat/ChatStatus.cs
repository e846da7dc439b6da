namespace Crescent.Engine.Chat;

/// <summary>What an engine does, and what it did since it began.</summary>
public sealed record ChatStatus
{
    public required IReadOnlyList<ChatSlot> Slots { get; init; }

    /// <summary>Requests that wait for a slot.</summary>
    public required int Waiting { get; init; }

    /// <summary>Answers that came to their end.</summary>
    public required long Answers { get; init; }

    /// <summary>Prompt tokens of those answers that were computed, cached ones not among them.</summary>
    public required long PromptTokens { get; init; }

    public required TimeSpan PromptTime { get; init; }

    public required long GeneratedTokens { get; init; }

    public required TimeSpan AnswerTime { get; init; }

    /// <summary>Tokens that were computed ahead on a guess.</summary>
    public required long DraftedTokens { get; init; }

    /// <summary>Of them, those that became part of an answer.</summary>
    public required long AcceptedTokens { get; init; }

    /// <summary>Turns that were empty and were generated again.</summary>
    public required long RepeatedTurns { get; init; }

    public required long Steps { get; init; }

    /// <summary>Slots in use, added up over the steps.</summary>
    public required long BusySlots { get; init; }

    /// <summary>Longest sequence so far, tokens.</summary>
    public required int LongestSequence { get; init; }
}
