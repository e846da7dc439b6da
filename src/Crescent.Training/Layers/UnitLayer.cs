using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;

namespace Crescent.Training.Layers;

/// <summary>A gated unit over all tokens: a dense layer's, or the shared experts. Its norm lies outside.</summary>
internal sealed class UnitLayer(UnitParameters parameters, TrainingContext context) : IDisposable
{
    private readonly AlignedBuffer<float> _gate = context.Rows(parameters.Width); // [tokens, width]
    private readonly AlignedBuffer<float> _up = context.Rows(parameters.Width); // [tokens, width]
    private readonly AlignedBuffer<float> _product = context.Rows(parameters.Width); // [tokens, width]
    private readonly int _width = parameters.Width;

    private FloatView View(AlignedBuffer<float> buffer, int width) => new(buffer, 0, context.Tokens, width);

    /// <summary><c>output += unit(input)</c></summary>
    /// <param name="input">[tokens, hidden], normed</param>
    /// <param name="output">[tokens, hidden]</param>
    public void Forward(AlignedBuffer<float> input, AlignedBuffer<float> output)
    {
        var hidden = context.Shape.Hidden;
        context.Multiply(
            new GemmJob(View(input, hidden), parameters.Gate.Matrix().Transposed, View(_gate, _width)),
            new GemmJob(View(input, hidden), parameters.Up.Matrix().Transposed, View(_up, _width)));
        context.Parallel(context.Tokens, TrainingContext.RowGrain, (start, end) => Gating.Forward(_gate, _up, _product, _width, start, end));
        context.Multiply(new GemmJob(View(_product, _width), parameters.Down.Matrix().Transposed, View(output, hidden), Accumulates: true));
    }

    /// <summary>Adds to the parameters' gradients and to the input's.</summary>
    /// <param name="output">[tokens, hidden]: gradient of the output</param>
    /// <param name="inputGradient">[tokens, hidden]</param>
    /// <param name="scratch">[tokens, width]</param>
    public void Backward(AlignedBuffer<float> input, AlignedBuffer<float> output, AlignedBuffer<float> inputGradient, AlignedBuffer<float> scratch)
    {
        var hidden = context.Shape.Hidden;
        var (change, normed, target) = (View(output, hidden), View(input, hidden), View(inputGradient, hidden));
        context.Multiply(
            new GemmJob(change, parameters.Down.Matrix(), View(scratch, _width)),
            new GemmJob(change.Transposed, View(_product, _width), parameters.Down.MatrixGradient(), Accumulates: true));
        context.Parallel(context.Tokens, TrainingContext.RowGrain, (start, end) => Gating.Backward(_gate, _up, scratch, _width, start, end));
        var (gate, up) = (View(_gate, _width), View(_up, _width));
        context.Multiply(
            new GemmJob(gate, parameters.Gate.Matrix(), target, Accumulates: true),
            new GemmJob(gate.Transposed, normed, parameters.Gate.MatrixGradient(), Accumulates: true),
            new GemmJob(up.Transposed, normed, parameters.Up.MatrixGradient(), Accumulates: true));
        context.Multiply(new GemmJob(up, parameters.Up.Matrix(), target, Accumulates: true));
    }

    public void Dispose()
    {
        _gate.Dispose();
        _up.Dispose();
        _product.Dispose();
    }
}
