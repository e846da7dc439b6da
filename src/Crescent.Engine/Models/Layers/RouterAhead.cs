using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// Guesses the experts of the next layer by its router on this layer's input, so that they can be read while the drive has nothing else to do. A guess changes
/// times, never results.
/// </summary>
internal sealed class RouterAhead : IDisposable
{
    /// <summary>Steps of more tokens use most experts anyway.</summary>
    public const int MostRows = 4;

    private readonly Linear _routerWeights;
    private readonly Router _router;
    private readonly StreamedExperts _next;
    private readonly AlignedBuffer<float> _logits; // [rows, experts]
    private readonly MatMulJob[] _job = new MatMulJob[1];
    private readonly float[] _scratch;
    private readonly int[] _chosen;
    private readonly float[] _weights;
    private readonly bool[] _resident; // [experts]

    /// <param name="routerWeights">Of the next layer with experts.</param>
    public RouterAhead(Linear routerWeights, Router router, StreamedExperts next)
    {
        (_routerWeights, _router, _next) = (routerWeights, router, next);
        _logits = new AlignedBuffer<float>((long)MostRows * routerWeights.Outputs);
        _scratch = new float[2 * routerWeights.Outputs];
        _chosen = new int[MostRows * router.Options.TopK];
        _weights = new float[router.Options.TopK];
        _resident = new bool[routerWeights.Outputs];
    }

    /// <summary>Guesses for all tokens of the step, and starts reads of what is missing.</summary>
    public void ReadAhead(ForwardState state)
    {
        var (rows, experts, topK) = (state.Batch.Count, _routerWeights.Outputs, _router.Options.TopK);
        _job[0] = _routerWeights.Job(state.Normed, rows, _logits);
        state.Multiply(_job, ActivationType.F32);
        var lossy = state.Lossy;
        var prefers = lossy is { PreferResident: > 0 } && _next.FindResident(_resident);
        for (var row = 0; row < rows; row++)
        {
            var logits = _logits.Span((long)row * experts, experts);
            Bias.Add(logits, _routerWeights.Bias);
            var chosen = _chosen.AsSpan(row * topK, topK);
            _router.Choose(logits, _scratch, chosen, _weights, prefers && !state.Batch.IsPrompt(state.Batch.SpanOfRow[row]) ? _resident : [], lossy?.PreferResident ?? 0);
            if (lossy is { SkipShare: > 0 })
            {
                LossyRouting.SkipWeak(chosen, _weights, lossy.SkipShare, _router.WeighsChosenOnly);
            }
        }

        _next.ReadAhead(_chosen.AsSpan(0, rows * topK));
    }

    public void Dispose() => _logits.Dispose();
}
