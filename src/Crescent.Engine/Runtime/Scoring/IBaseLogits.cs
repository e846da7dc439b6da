namespace Crescent.Engine.Runtime.Scoring;

/// <summary>What a model is compared with: logits, or log-probabilities, of a base at the scored positions of a text. Windows come in order, and rows in order inside them.</summary>
public interface IBaseLogits : IDisposable
{
    /// <summary>Begins a window.</summary>
    /// <param name="tokens">The window's tokens as they are run.</param>
    void Begin(ReadOnlySpan<int> tokens, in ScoringWindow window);

    /// <summary>The base's row [vocab] at a position of the window, valid until the next call; −∞ where the base keeps no probability.</summary>
    /// <exception cref="InvalidDataException">The base's file has ended or is damaged.</exception>
    ReadOnlySpan<float> Row(int position, CancellationToken cancellation);
}
