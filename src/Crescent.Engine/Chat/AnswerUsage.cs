namespace Crescent.Engine.Chat;

/// <summary>Tokens that an answer took.</summary>
/// <param name="Cached">Tokens of the prompt that were found in the cache.</param>
/// <param name="Reasoning">Tokens of the completion that are reasoning.</param>
public readonly record struct AnswerUsage(int Prompt, int Cached, int Completion, int Reasoning)
{
    /// <summary>Tokens that were computed ahead on a guess.</summary>
    public int Drafted { get; init; }

    /// <summary>Of them, those that became part of the completion.</summary>
    public int Accepted { get; init; }
}
