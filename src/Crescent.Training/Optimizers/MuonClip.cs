using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;
using Crescent.Training.Models;
using Crescent.Training.Parameters;

namespace Crescent.Training.Optimizers;

/// <summary>
/// Muon on the matrices of the layers, AdamW on all else, then QK-Clip and the routers' biases (Kimi K2 report, section 2.1; DeepSeek-V3 report, section 2.1.2).
/// </summary>
public sealed class MuonClip : IDisposable
{
    private readonly TrainingModel _model;
    private readonly OptimizerOptions _options;
    private readonly NewtonSchulz _newtonSchulz;
    private readonly List<OptimizerState> _states = [];

    public MuonClip(TrainingModel model, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        (_model, _options) = (model, options);
        _states.AddRange(model.Parameters.Select(parameter => new OptimizerState(parameter, options.Muon)));
        _newtonSchulz = new NewtonSchulz(model.Pool, _states.Where(state => state.IsMuon).Select(state => state.Parameter));
    }

    /// <summary>Steps done.</summary>
    public int Steps { get; set; }

    /// <summary>Momentum and moments of every parameter.</summary>
    public IReadOnlyList<OptimizerState> States => _states;

    /// <summary>One step from the gradients in the model.</summary>
    /// <returns>What was measured and clipped.</returns>
    public StepReport Step(float rate)
    {
        Steps++;
        var norm = GradientNorm();
        var scale = _options.GradientClip > 0 && norm > _options.GradientClip ? (float)(_options.GradientClip / norm) : 1;
        foreach (var state in _states)
        {
            if (state.IsMuon)
            {
                StepMuon(state, scale, rate);
            }
            else
            {
                StepAdamW(state, scale, rate);
            }
        }

        var clipped = _model.Layers.Sum(layer => QkClip.Apply(layer, _model.Shape.Attention, _options.LogitClip));
        foreach (var layer in _model.Layers)
        {
            LoadBalance.Step(layer, _options.BiasStep);
        }

        _model.RefreshRounded();
        return new StepReport(norm, clipped);
    }

    public void Dispose()
    {
        _states.ForEach(state => state.Dispose());
        _newtonSchulz.Dispose();
    }

    // In double precision, parameter after parameter: the order is fixed.
    private double GradientNorm()
    {
        var sums = new double[_states.Count];
        OptimizerWork.Parallel(_model.Pool, sums.Length, 1, (start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                foreach (var (first, length) in OptimizerWork.Pieces(_states[i].Parameter.Gradient.Length))
                {
                    sums[i] += TrainingMath.SumOfSquares(_states[i].Parameter.Gradient.Span(first, length));
                }
            }
        });
        return Math.Sqrt(sums.Sum());
    }

    // W ← W − η(0.2·√max(n, m)·O + λW), O the orthogonalised momentum.
    private void StepMuon(OptimizerState state, float scale, float rate)
    {
        var parameter = state.Parameter;
        var update = _newtonSchulz.Input;
        OptimizerWork.ForPieces(_model.Pool, parameter.Values.Length, (first, length) => OptimizerMath.Nesterov(
            state.First.Span(first, length), parameter.Gradient.Span(first, length), scale, _options.Momentum, update.Span(first, length)));
        var orthogonal = _newtonSchulz.Run(parameter.Count, parameter.Rows, parameter.Columns);
        var step = rate * _options.UpdateScale * MathF.Sqrt(Math.Max(parameter.Rows, parameter.Columns));
        var keep = 1 - (rate * _options.WeightDecay);
        OptimizerWork.ForPieces(_model.Pool, parameter.Values.Length, (first, length) =>
            OptimizerMath.Decay(parameter.Values.Span(first, length), orthogonal.Span(first, length), keep, step));
    }

    private void StepAdamW(OptimizerState state, float scale, float rate)
    {
        var parameter = state.Parameter;
        var step = new AdamWStep(
            _options.Beta1,
            _options.Beta2,
            (float)(1 / (1 - Math.Pow(_options.Beta1, Steps))),
            (float)(1 / (1 - Math.Pow(_options.Beta2, Steps))),
            _options.Epsilon,
            rate,
            1 - (rate * _options.WeightDecay));
        OptimizerWork.ForPieces(_model.Pool, parameter.Values.Length, (first, length) => OptimizerMath.AdamW(
            parameter.Values.Span(first, length), parameter.Gradient.Span(first, length), scale, state.First.Span(first, length), state.Second!.Span(first, length), step));
    }
}
