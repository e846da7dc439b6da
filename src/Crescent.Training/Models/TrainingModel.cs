using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Crescent.Training.Layers;
using Crescent.Training.Parameters;

namespace Crescent.Training.Models;

/// <summary>A model of the Kimi K2 kind with hand-written gradients. It owns parameters and all buffers of a batch; the pool belongs to the caller.</summary>
public sealed class TrainingModel : IDisposable
{
    private readonly TrainingContext _context;
    private readonly AttentionScratch _attentionScratch;
    private readonly MixtureScratch _mixtureScratch;
    private readonly EmbeddingLayer _embedding;
    private readonly AttentionLayer[] _attention;
    private readonly FeedForwardLayer[] _feedForward;
    private readonly HeadLayer _head;
    private readonly AlignedBuffer<float>[] _hidden; // [2 · layers + 1] of [tokens, hidden]: the residual stream before each block, and after the last
    private readonly AlignedBuffer<float> _gradient; // [tokens, hidden]

    /// <param name="maxTokens">Most tokens of a batch.</param>
    public TrainingModel(TrainingShape shape, int maxTokens, ComputePool pool)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.Check();
        Shape = shape;
        _context = new TrainingContext(shape, maxTokens, pool);
        (_attentionScratch, _mixtureScratch) = (new AttentionScratch(_context), new MixtureScratch(_context));
        var table = new Parameter($"{DeepSeekNames.Embedding}.weight", ParameterRole.Table, 1, shape.Vocab, shape.Hidden);
        var norm = new Parameter($"{DeepSeekNames.FinalNorm}.weight", ParameterRole.Norm, 1, 1, shape.Hidden);
        var head = new Parameter($"{DeepSeekNames.Head}.weight", ParameterRole.Table, 1, shape.Vocab, shape.Hidden);
        _embedding = new EmbeddingLayer(table, _context);
        _attention = [.. Enumerable.Range(0, shape.Layers).Select(i => new AttentionLayer(AttentionParameters.Create(shape, i), _attentionScratch, _context))];
        _feedForward = [.. Enumerable.Range(0, shape.Layers).Select(i => new FeedForwardLayer(FeedForwardParameters.Create(shape, i), _mixtureScratch, _context))];
        _head = new HeadLayer(norm, head, _context);
        _hidden = [.. Enumerable.Range(0, (2 * shape.Layers) + 1).Select(_ => _context.Rows(shape.Hidden))];
        _gradient = _context.Rows(shape.Hidden);
        Parameters = [table, .. _attention.Zip(_feedForward).SelectMany(pair => pair.First.Parameters.All.Concat(pair.Second.Parameters.All)), norm, head];
        Layers = [.. _attention.Zip(_feedForward, (attention, feedForward) => new LayerStatistics(attention, feedForward))];
    }

    public TrainingShape Shape { get; }

    /// <summary>All that gradients reach, in the order of the layers.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>What is watched and balanced in each layer.</summary>
    public IReadOnlyList<LayerStatistics> Layers { get; }

    public ComputePool Pool => _context.Pool;

    /// <summary>The balance loss of the last batch that went backward: mean over its rows, summed over layers.</summary>
    public double BalanceLoss => Layers.Sum(layer => layer.BalanceLoss) / _context.Batch.Rows;

    /// <summary>Random weights, the same from the same seed; norms are 1.</summary>
    /// <param name="deviation">Standard deviation; of what writes to the residual stream over √(2 · layers).</param>
    public void Initialize(ulong seed, float deviation)
    {
        var random = new TrainingRandom(seed);
        foreach (var parameter in Parameters)
        {
            var isOutput = parameter.Name.EndsWith($"{DeepSeekNames.Output}.weight", StringComparison.Ordinal) || parameter.Name.EndsWith($"{DeepSeekNames.Down}.weight", StringComparison.Ordinal);
            var scale = isOutput ? deviation / MathF.Sqrt(2 * Shape.Layers) : deviation;
            for (var i = 0L; i < parameter.Values.Length; i++)
            {
                parameter.Values[i] = parameter.Role == ParameterRole.Norm ? 1 : random.NextNormal() * scale;
            }
        }
    }

    /// <summary>Zeroes gradients and what is counted in a step.</summary>
    public void ClearGradients()
    {
        foreach (var parameter in Parameters)
        {
            parameter.Gradient.Clear();
        }

        foreach (var layer in Layers)
        {
            layer.Clear();
        }
    }

    /// <summary>The summed loss of a batch's targets, without gradients.</summary>
    public double Loss(TrainingBatch batch)
    {
        Forward(batch);
        return _head.Loss(_hidden[^1]);
    }

    /// <summary>The same, and adds to all gradients.</summary>
    /// <param name="weight">Factor on the loss of a target: 1 / targets of the step.</param>
    /// <param name="balance">Factor on the balance loss of a row.</param>
    public double LossAndGradient(TrainingBatch batch, float weight, float balance)
    {
        Forward(batch);
        var loss = _head.LossAndGradient(_hidden[^1], _gradient, weight);
        for (var i = Shape.Layers - 1; i >= 0; i--)
        {
            _feedForward[i].Backward(_hidden[(2 * i) + 1], _gradient, balance);
            _attention[i].Backward(_hidden[2 * i], _gradient);
        }

        _embedding.Backward(_gradient);
        return loss;
    }

    /// <summary>Logits of every position, in pieces: first position, and [positions, vocab].</summary>
    public void Logits(TrainingBatch batch, Action<int, FloatView> visit)
    {
        Forward(batch);
        _head.Logits(_hidden[^1], visit);
    }

    /// <summary>Whether the model computes with rounded weights.</summary>
    public bool IsRounded { get; private set; }

    /// <summary>From now on the model computes with weights as the release stores them: experts in INT4, other matrices in bfloat16, norms as they are.</summary>
    public void RoundWeights()
    {
        IsRounded = true;
        foreach (var parameter in Parameters.Where(parameter => parameter.Role != ParameterRole.Norm))
        {
            parameter.RoundTo(parameter.Role == ParameterRole.Expert ? RoundedForm.Int4 : RoundedForm.BFloat16);
        }

        RefreshRounded();
    }

    /// <summary>Rounds what is rounded again; call after the master weights changed.</summary>
    public void RefreshRounded()
    {
        foreach (var parameter in Parameters.Where(parameter => parameter.Form != RoundedForm.Float32))
        {
            _context.Parallel(parameter.Count * parameter.Rows, TrainingContext.RowGrain, (start, end) => parameter.RefreshRounded(start, end - start));
        }
    }

    public void Dispose()
    {
        foreach (var owned in (IEnumerable<IDisposable>)[.. Parameters, .. _attention, .. _feedForward, _head, .. _hidden, _gradient, _attentionScratch, _mixtureScratch, _context])
        {
            owned.Dispose();
        }
    }

    private void Forward(TrainingBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _context.Begin(batch);
        _embedding.Forward(_hidden[0]);
        for (var i = 0; i < Shape.Layers; i++)
        {
            _attention[i].Forward(_hidden[2 * i], _hidden[(2 * i) + 1]);
            _feedForward[i].Forward(_hidden[(2 * i) + 1], _hidden[(2 * i) + 2]);
        }
    }
}
