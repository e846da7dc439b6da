using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Engine.Runtime;

/// <summary>Log-probabilities of one sequence's tokens, collected while it runs.</summary>
internal sealed class TokenScores
{
    private readonly LogProbabilities _probabilities;
    private readonly TokenLogProbability[] _top;
    private readonly float[] _logits; // [vocab], of the row that the next token is chosen from
    private readonly List<ScoredToken> _generated = [];
    private readonly ScoredToken?[] _prompt; // [prompt tokens]; empty where they are not scored
    private double _logSum;

    /// <param name="top">Likeliest tokens to name in each place.</param>
    /// <param name="promptLength">Tokens of the prompt to score; 0 for none.</param>
    public TokenScores(int vocab, int top, int promptLength)
    {
        _probabilities = new LogProbabilities(vocab);
        _top = new TokenLogProbability[Math.Min(top, vocab)];
        _logits = new float[vocab];
        _prompt = new ScoredToken?[promptLength];
    }

    public bool CoversPrompt => _prompt.Length > 0;

    public IReadOnlyList<ScoredToken> Generated => _generated;

    public IReadOnlyList<ScoredToken?> Prompt => _prompt;

    /// <summary>Takes the logits of the next token, which sampling will change.</summary>
    public void Observe(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_logits);
        _logSum = _probabilities.Top(logits, _top);
    }

    /// <summary>The token that was chosen from what was observed last.</summary>
    public void Add(int token) => _generated.Add(Score(token));

    /// <summary>Drops all but the first so many tokens.</summary>
    public void CutBack(int count) => _generated.RemoveRange(count, _generated.Count - count);

    /// <summary>Scores the prompt's token at a position by the logits before it.</summary>
    public void AddPrompt(int position, int token, ReadOnlySpan<float> logits)
    {
        Observe(logits);
        _prompt[position] = Score(token);
    }

    private ScoredToken Score(int token) => new(token, (float)(_logits[token] - _logSum), [.. _top]);
}
