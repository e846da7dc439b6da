namespace Crescent.Engine.Chat;

/// <summary>Time that an answer took.</summary>
/// <param name="Queue">From the request to its turn.</param>
/// <param name="Prompt">From its turn to the first token.</param>
/// <param name="Answer">From the first token to the last.</param>
public readonly record struct AnswerTimings(TimeSpan Queue, TimeSpan Prompt, TimeSpan Answer);
