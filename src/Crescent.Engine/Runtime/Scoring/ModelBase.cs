using Crescent.Engine.Models;

namespace Crescent.Engine.Runtime.Scoring;

/// <summary>Another model run beside the first, step by step, so that no logits but one step's are held.</summary>
/// <param name="owner">What to free with it: the model's owner, or null.</param>
public sealed class ModelBase(LanguageModel model, IDisposable? owner = null) : IBaseLogits
{
    private readonly LanguageModel _model = model;
    private readonly IDisposable? _owner = owner;
    private ScoringPass? _pass;

    public void Begin(ReadOnlySpan<int> tokens, in ScoringWindow window)
    {
        _pass?.Dispose();
        _pass = new ScoringPass(_model, tokens[..^1], Math.Min(_model.Batch.MaxTokens, tokens.Length), window.FirstScored);
    }

    public ReadOnlySpan<float> Row(int position, CancellationToken cancellation)
    {
        var pass = _pass ?? throw new InvalidOperationException("expected a window to have begun");
        while (position >= pass.Visited.End && pass.Step(cancellation))
        {
        }

        return pass.LogitsOf(position);
    }

    public void Dispose()
    {
        _pass?.Dispose();
        _owner?.Dispose();
    }
}
