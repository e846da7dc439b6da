namespace Crescent.Engine.Experts.Traces;

/// <summary>
/// Makes a model choose the experts of a trace instead of its own, over and over: to measure how a store fares with the routing of another model than the random one at
/// hand. Only steps of one token are played.
/// </summary>
public sealed class RoutingPlayback
{
    private readonly RoutingLayer[] _layers;
    private readonly int[][] _steps; // of each layer, those with one token's experts
    private long _token;

    /// <exception cref="ArgumentException">The trace has no step of one token.</exception>
    public RoutingPlayback(RoutingTrace trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        (Experts, TopK) = (trace.Experts, trace.TopK);
        _layers = [.. trace.Layers];
        _steps = Array.ConvertAll(_layers, layer => Enumerable.Range(0, layer.Steps).Where(step => layer.UsesOf(step).Length == trace.TopK).ToArray());
        if (_layers.Length == 0 || Array.Exists(_steps, steps => steps.Length == 0))
        {
            throw new ArgumentException("expected a trace with steps of one token in every layer, found none in some", nameof(trace));
        }
    }

    /// <summary>Experts of a layer in the trace.</summary>
    public int Experts { get; }

    /// <summary>Experts of a token in the trace.</summary>
    public int TopK { get; }

    /// <summary>A step has ended.</summary>
    /// <param name="tokens">Of the step.</param>
    public void EndStep(int tokens) => _token += tokens;

    /// <summary>Puts the trace's experts in the place of those chosen.</summary>
    /// <param name="layer">Number of the layer; traces of fewer layers are used again from the first.</param>
    /// <param name="chosen">[tokens, TopK]</param>
    /// <param name="weights">[tokens, TopK], scaled so that each token's sum stays.</param>
    public void Replace(int layer, Span<int> chosen, Span<float> weights)
    {
        var (uses, steps) = (_layers[layer % _layers.Length], _steps[layer % _layers.Length]);
        for (var row = 0; row < chosen.Length / TopK; row++)
        {
            var played = uses.UsesOf(steps[(int)((_token + row) % steps.Length)]);
            var sum = 0f;
            foreach (var weight in weights.Slice(row * TopK, TopK))
            {
                sum += weight;
            }

            for (var k = 0; k < TopK; k++)
            {
                chosen[(row * TopK) + k] = played[k].Expert;
                weights[(row * TopK) + k] = played[k].GateShare * sum;
            }
        }
    }
}
