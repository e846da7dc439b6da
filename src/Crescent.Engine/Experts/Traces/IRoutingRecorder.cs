namespace Crescent.Engine.Experts.Traces;

/// <summary>Is told which experts the tokens of each step choose, layer by layer.</summary>
public interface IRoutingRecorder
{
    /// <summary>A step begins.</summary>
    void BeginStep();

    /// <summary>What a layer's router chose for the tokens of the step.</summary>
    /// <param name="experts">Experts of the layer.</param>
    /// <param name="chosen">[tokens, topK], best first</param>
    /// <param name="weights">[tokens, topK]</param>
    void Record(int layer, int experts, int topK, ReadOnlySpan<int> chosen, ReadOnlySpan<float> weights);
}
