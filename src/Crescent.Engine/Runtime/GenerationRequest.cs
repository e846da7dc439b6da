using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Grammars;

namespace Crescent.Engine.Runtime;

/// <summary>One answer to generate.</summary>
public sealed record GenerationRequest
{
    /// <summary>Token ids of the prompt; at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Tokens at the beginning of the prompt that later prompts will begin with too, and whose cache is worth storing; 0 for none.</summary>
    public int StoredPrefix { get; init; }

    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate; the context may end it earlier.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>Tokens that end the answer; they are not part of its text.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    /// <summary>Texts that end the answer, cut off before they begin.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Likeliest tokens to name beside each token with its log-probability; null where none are wanted.</summary>
    public int? TopScores { get; init; }

    /// <summary>With <see cref="TopScores"/>: score the prompt's tokens too. All of it is computed then, whatever the cache holds.</summary>
    public bool ScorePrompt { get; init; }

    /// <summary>Generate nothing: make an embedding of the prompt. All of it is computed then, whatever the cache holds.</summary>
    public bool EmbedPrompt { get; init; }

    /// <summary>Which tokens may follow, one an answer; null for all. It sees every token, the one that ends the answer too.</summary>
    public ITokenConstraint? Constraint { get; init; }

    /// <summary>Show control tokens in the text.</summary>
    public bool ShowSpecial { get; init; }
}
