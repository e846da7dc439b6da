using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>A root-mean-square norm of rows.</summary>
/// <param name="stride">Floats from one input row to the next.</param>
internal sealed class NormLayer(Parameter weight, float epsilon, int stride, TrainingContext context) : IDisposable
{
    private const int Chunk = 64; // rows whose weight gradients are added up before the others': fixed, so that threads change no bits

    private readonly AlignedBuffer<float> _partial = new((long)((context.MaxTokens + Chunk - 1) / Chunk) * weight.Columns); // [chunks, width]
    private readonly int _width = weight.Columns;

    /// <param name="input">[rows, stride], of which the first values are normed</param>
    /// <param name="output">[rows, width]</param>
    public void Forward(AlignedBuffer<float> input, AlignedBuffer<float> output, int rows) => context.Parallel(rows, TrainingContext.RowGrain, (start, end) =>
    {
        for (var row = start; row < end; row++)
        {
            RmsNorm.Apply(input.Span((long)row * stride, _width), weight.Vector, epsilon, output.Span((long)row * _width, _width));
        }
    });

    /// <summary>Adds to the gradients of input and weight.</summary>
    /// <param name="output">[rows, width]: gradient of the normed rows</param>
    /// <param name="inputGradient">[rows, stride]</param>
    public void Backward(AlignedBuffer<float> input, AlignedBuffer<float> output, AlignedBuffer<float> inputGradient, int rows)
    {
        var chunks = (rows + Chunk - 1) / Chunk;
        context.Parallel(chunks, 1, (start, end) =>
        {
            for (var chunk = start; chunk < end; chunk++)
            {
                var sum = _partial.Span((long)chunk * _width, _width);
                sum.Clear();
                for (var row = chunk * Chunk; row < Math.Min(rows, (chunk + 1) * Chunk); row++)
                {
                    TrainingMath.RmsNormBackward(
                        input.Span((long)row * stride, _width), weight.Vector, epsilon, output.Span((long)row * _width, _width), inputGradient.Span((long)row * stride, _width), sum);
                }
            }
        });
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            VectorMath.Add(weight.Gradient.Span(0, _width), _partial.Span((long)chunk * _width, _width));
        }
    }

    public void Dispose() => _partial.Dispose();
}
