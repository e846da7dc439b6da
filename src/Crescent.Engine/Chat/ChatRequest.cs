using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Engine.Chat;

/// <summary>One or more answers to a prompt.</summary>
public sealed record ChatRequest
{
    /// <summary>Token ids; at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>What the prompt was rendered from: the answer is read as the template's family writes it. Null: the answer is plain text.</summary>
    public PromptRequest? Conversation { get; init; }

    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens of an answer; the context may end it earlier.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>Texts that end the answer where they appear in what is shown, cut off before they begin.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>What every answer must follow, see <see cref="ChatEngine.Bind"/>; null for nothing.</summary>
    public CompiledGrammar? Grammar { get; init; }

    /// <summary>Most tokens of reasoning: after them its end is written for the model, where the family marks it with a token; null for no bound.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>Go on past the tokens that end an answer.</summary>
    public bool IgnoreStopTokens { get; init; }

    /// <summary>End an answer with its first tool call.</summary>
    public bool OneCall { get; init; }

    /// <summary>Answers to give; a seed counts up from one to the next.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Likeliest tokens to name beside each token with its log-probability; null where none are wanted.</summary>
    public int? TopScores { get; init; }

    /// <summary>With <see cref="TopScores"/>: score the prompt's tokens too.</summary>
    public bool ScorePrompt { get; init; }

    /// <summary>Answer with an embedding of the prompt alone, see <see cref="EmbeddingUpdate"/>: nothing is generated.</summary>
    public bool EmbedPrompt { get; init; }

    /// <summary>Told what each answer took when it is over, one that was given up too. Runs on the engine's thread: it must not take long.</summary>
    public Action<int, AnswerUsage, AnswerTimings>? Ended { get; init; }

    /// <summary>Tokens at the prompt's beginning whose cache is worth storing; 0 for none.</summary>
    public int StoredPrefix { get; init; }
}
