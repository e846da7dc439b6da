using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>Final norm, head and cross-entropy. Only positions with a target are multiplied; logits exist for a chunk of them at a time.</summary>
internal sealed class HeadLayer : IDisposable
{
    private const int Chunk = 512;

    private readonly TrainingContext _context;
    private readonly Parameter _head;
    private readonly NormLayer _norm;
    private readonly AlignedBuffer<float> _normed; // [tokens, hidden]
    private readonly AlignedBuffer<float> _chosen; // [chunk, hidden]
    private readonly AlignedBuffer<float> _gradient; // [chunk, hidden]
    private readonly AlignedBuffer<float> _logits; // [chunk, vocab]
    private readonly float[] _losses;

    public HeadLayer(Parameter norm, Parameter head, TrainingContext context)
    {
        var shape = context.Shape;
        (_context, _head) = (context, head);
        _norm = new NormLayer(norm, shape.Epsilon, shape.Hidden, context);
        _normed = context.Rows(shape.Hidden);
        (_chosen, _gradient) = (new AlignedBuffer<float>((long)Chunk * shape.Hidden), new AlignedBuffer<float>((long)Chunk * shape.Hidden));
        _logits = new AlignedBuffer<float>((long)Chunk * shape.Vocab);
        _losses = new float[context.MaxTokens];
    }

    /// <summary>The summed loss of all targets.</summary>
    /// <param name="hidden">[tokens, hidden]</param>
    public double Loss(AlignedBuffer<float> hidden) => Run(hidden, null, 1);

    /// <summary>The same, with gradients.</summary>
    /// <param name="gradient">[tokens, hidden], written</param>
    /// <param name="weight">Factor on every gradient: 1 / targets of the step.</param>
    public double LossAndGradient(AlignedBuffer<float> hidden, AlignedBuffer<float> gradient, float weight)
    {
        _context.Normed.Clear();
        var loss = Run(hidden, _context.Normed, weight);
        gradient.Clear();
        _norm.Backward(hidden, _context.Normed, gradient, _context.Tokens);
        return loss;
    }

    /// <summary>Logits of all positions, chunk by chunk: first position and [positions, vocab].</summary>
    public void Logits(AlignedBuffer<float> hidden, Action<int, FloatView> visit)
    {
        var width = _context.Shape.Hidden;
        _norm.Forward(hidden, _normed, _context.Tokens);
        for (var first = 0; first < _context.Tokens; first += Chunk)
        {
            var logits = new FloatView(_logits, 0, Math.Min(Chunk, _context.Tokens - first), _context.Shape.Vocab);
            _context.Multiply(new GemmJob(new FloatView(_normed, (long)first * width, logits.Rows, width), _head.Matrix().Transposed, logits));
            visit(first, logits);
        }
    }

    public void Dispose()
    {
        _norm.Dispose();
        _normed.Dispose();
        _chosen.Dispose();
        _gradient.Dispose();
        _logits.Dispose();
    }

    private double Run(AlignedBuffer<float> hidden, AlignedBuffer<float>? gradient, float weight)
    {
        _norm.Forward(hidden, _normed, _context.Tokens);
        var targets = _context.Batch.Targets;
        int[] positions = [.. Enumerable.Range(0, targets.Length).Where(i => targets[i] != TrainingBatch.NoTarget)];
        var loss = 0.0;
        for (var first = 0; first < positions.Length; first += Chunk)
        {
            loss += RunChunk(positions.AsMemory(first, Math.Min(Chunk, positions.Length - first)), gradient, weight);
        }

        return loss;
    }

    private double RunChunk(ReadOnlyMemory<int> positions, AlignedBuffer<float>? gradient, float weight)
    {
        var (count, width, vocab) = (positions.Length, _context.Shape.Hidden, _context.Shape.Vocab);
        for (var i = 0; i < count; i++)
        {
            _normed.Span((long)positions.Span[i] * width, width).CopyTo(_chosen.Span((long)i * width, width));
        }

        var (chosen, logits, change) = (new FloatView(_chosen, 0, count, width), new FloatView(_logits, 0, count, vocab), new FloatView(_gradient, 0, count, width));
        _context.Multiply(new GemmJob(chosen, _head.Matrix().Transposed, logits));
        _context.Parallel(count, TrainingContext.RowGrain, (start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                _losses[i] = TrainingMath.CrossEntropy(_logits.Span((long)i * vocab, vocab), _context.Batch.Targets[positions.Span[i]], weight);
            }
        });
        if (gradient is not null)
        {
            _context.Multiply(
                new GemmJob(logits, _head.Matrix(), change),
                new GemmJob(logits.Transposed, chosen, _head.MatrixGradient(), Accumulates: true));
            for (var i = 0; i < count; i++)
            {
                _gradient.Span((long)i * width, width).CopyTo(gradient.Span((long)positions.Span[i] * width, width));
            }
        }

        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            sum += _losses[i];
        }

        return sum;
    }
}
