using Crescent.Kernels.Memory;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>The feed-forward block of a layer with its norm.</summary>
internal sealed class FeedForwardLayer : IDisposable
{
    private readonly TrainingContext _context;
    private readonly NormLayer _norm;
    private readonly UnitLayer? _dense;
    private readonly AlignedBuffer<float> _normed; // [tokens, hidden]
    private readonly MixtureScratch _scratch;

    public FeedForwardLayer(FeedForwardParameters parameters, MixtureScratch scratch, TrainingContext context)
    {
        (_context, _scratch, Parameters) = (context, scratch, parameters);
        _norm = new NormLayer(parameters.InputNorm, context.Shape.Epsilon, context.Shape.Hidden, context);
        _normed = context.Rows(context.Shape.Hidden);
        _dense = parameters.Dense is { } dense ? new UnitLayer(dense, context) : null;
        Mixture = parameters.Experts is null ? null : new MixtureLayer(parameters, scratch, context);
    }

    public FeedForwardParameters Parameters { get; }

    public MixtureLayer? Mixture { get; }

    /// <summary><c>output ← input + feedForward(norm(input))</c></summary>
    public void Forward(AlignedBuffer<float> input, AlignedBuffer<float> output)
    {
        _norm.Forward(input, _normed, _context.Tokens);
        input.CopyTo(output);
        Mixture?.Forward(_normed, output);
        _dense?.Forward(_normed, output);
    }

    /// <summary>Adds to the parameters' gradients and to the input's, which lies where the output's is.</summary>
    /// <param name="balance">Factor on the gradient of the balance loss of a row.</param>
    public void Backward(AlignedBuffer<float> input, AlignedBuffer<float> gradient, float balance)
    {
        _context.Normed.Clear();
        Mixture?.Backward(_normed, gradient, _context.Normed, balance);
        _dense?.Backward(_normed, gradient, _context.Normed, _scratch.Dense);
        _norm.Backward(input, _context.Normed, gradient, _context.Tokens);
    }

    public void Dispose()
    {
        _norm.Dispose();
        _dense?.Dispose();
        Mixture?.Dispose();
        _normed.Dispose();
    }
}
