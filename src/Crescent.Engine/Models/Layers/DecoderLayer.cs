namespace Crescent.Engine.Models.Layers;

/// <summary>
/// One decoder layer: <c>h += attention(norm(h)); h += feedForward(norm(h))</c>. Grok norms each block's output too before it is added.
/// </summary>
public sealed class DecoderLayer
{
    public required NormRows AttentionNorm { get; init; }

    public required IBlock Attention { get; init; }

    public NormRows? AttentionOutputNorm { get; init; }

    public required NormRows FeedForwardNorm { get; init; }

    public required IBlock FeedForward { get; init; }

    public NormRows? FeedForwardOutputNorm { get; init; }

    public void Forward(ForwardState state, int layer)
    {
        AttentionNorm.HiddenToNormed(state);
        state.Profile?.Lap(StepPart.Norm);
        Attention.Forward(state, layer);
        NormRows.AddOutputToHidden(state, AttentionOutputNorm);

        FeedForwardNorm.HiddenToNormed(state);
        state.Profile?.Lap(StepPart.Norm);
        FeedForward.Forward(state, layer);
        NormRows.AddOutputToHidden(state, FeedForwardOutputNorm);
        state.Profile?.Lap(StepPart.Norm);
    }
}
