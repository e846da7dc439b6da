using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;

namespace Crescent.Training.Layers;

/// <summary>Router and routed experts. Tokens are gathered by expert, so that each expert's products are one job of a dispatch.</summary>
internal sealed class MixtureLayer : IDisposable
{
    private readonly TrainingContext _context;
    private readonly FeedForwardParameters _parameters;
    private readonly UnitParameters _experts;
    private readonly MixtureScratch _scratch;
    private readonly Router _router;
    private readonly RouterGradient _routerGradient;
    private readonly int _topK;
    private readonly int _width;

    private readonly AlignedBuffer<float> _scores; // [tokens, experts]
    private readonly AlignedBuffer<float> _weights; // [tokens, topK]
    private readonly AlignedBuffer<float> _inputs; // [slots, hidden]
    private readonly AlignedBuffer<float> _gate; // [slots, width]
    private readonly AlignedBuffer<float> _up; // [slots, width]
    private readonly AlignedBuffer<float> _product; // [slots, width]
    private readonly AlignedBuffer<float> _outputs; // [slots, hidden]

    public MixtureLayer(FeedForwardParameters parameters, MixtureScratch scratch, TrainingContext context)
    {
        (_context, _parameters, _experts, _scratch) = (context, parameters, parameters.Experts!, scratch);
        var shape = context.Shape;
        (_topK, _width) = (shape.Router.TopK, shape.ExpertWidth);
        _router = new Router(shape.Router, parameters.RouterBias);
        _routerGradient = new RouterGradient(shape.Router, shape.Experts);
        Slots = new ExpertSlots(shape.Experts, context.MaxTokens, _topK);
        Load = new long[shape.Experts];
        (_scores, _weights) = (context.Rows(shape.Experts), context.Rows(_topK));
        (_inputs, _outputs) = (context.Rows(_topK * shape.Hidden), context.Rows(_topK * shape.Hidden));
        (_gate, _up, _product) = (context.Rows(_topK * _width), context.Rows(_topK * _width), context.Rows(_topK * _width));
    }

    public ExpertSlots Slots { get; }

    /// <summary>[experts]: tokens that chose each expert since it was reset.</summary>
    public long[] Load { get; }

    /// <summary>Balance loss of the last batch, summed over its rows.</summary>
    public double BalanceLoss { get; private set; }

    /// <summary><c>output += Σ weight · expert(input)</c></summary>
    /// <param name="input">[tokens, hidden], normed</param>
    public void Forward(AlignedBuffer<float> input, AlignedBuffer<float> output)
    {
        var (shape, tokens) = (_context.Shape, _context.Tokens);
        var hidden = shape.Hidden;
        _context.Multiply(new GemmJob(new FloatView(input, 0, tokens, hidden), _parameters.Router!.Matrix().Transposed, new FloatView(_scores, 0, tokens, shape.Experts)));
        _context.Parallel(tokens, TrainingContext.RowGrain, Choose);
        Slots.Sort(tokens);
        for (var e = 0; e < shape.Experts; e++)
        {
            Load[e] += Slots.CountOf(e);
        }

        _context.Parallel(tokens * _topK, TrainingContext.RowGrain, (start, end) =>
        {
            for (var slot = start; slot < end; slot++)
            {
                input.Span((long)(Slots.ChoiceOf[slot] / _topK) * hidden, hidden).CopyTo(_inputs.Span((long)slot * hidden, hidden));
            }
        });
        Run((e, jobs) =>
        {
            jobs.Add(new GemmJob(Slice(_inputs, e, hidden), _experts.Gate.Matrix(e).Transposed, Slice(_gate, e, _width)));
            jobs.Add(new GemmJob(Slice(_inputs, e, hidden), _experts.Up.Matrix(e).Transposed, Slice(_up, e, _width)));
        });
        _context.Parallel(tokens * _topK, TrainingContext.RowGrain, (start, end) => Gating.Forward(_gate, _up, _product, _width, start, end));
        Run((e, jobs) => jobs.Add(new GemmJob(Slice(_product, e, _width), _experts.Down.Matrix(e).Transposed, Slice(_outputs, e, hidden))));
        _context.Parallel(tokens, TrainingContext.RowGrain, (start, end) =>
        {
            for (var i = start * _topK; i < end * _topK; i++)
            {
                VectorMath.AddScaled(output.Span((long)(i / _topK) * hidden, hidden), _outputs.Span((long)Slots.SlotOf[i] * hidden, hidden), _weights[i]);
            }
        });
    }

    /// <summary>Adds to the parameters' gradients and to the input's.</summary>
    /// <param name="output">[tokens, hidden]: gradient of the output</param>
    /// <param name="inputGradient">[tokens, hidden]</param>
    /// <param name="balance">Factor on the gradient of the balance loss of a row.</param>
    public void Backward(AlignedBuffer<float> input, AlignedBuffer<float> output, AlignedBuffer<float> inputGradient, float balance)
    {
        var (shape, tokens) = (_context.Shape, _context.Tokens);
        var hidden = shape.Hidden;
        _context.Parallel(tokens, TrainingContext.RowGrain, (start, end) => SpreadGradient(output, start, end));
        BalanceLoss = _routerGradient.AddBalance(_context, _scores, Slots, _scratch.Logits, balance);

        Run((e, jobs) =>
        {
            var change = Slice(_scratch.SlotOutputs, e, hidden);
            jobs.Add(new GemmJob(change, _experts.Down.Matrix(e), Slice(_scratch.SlotProducts, e, _width)));
            jobs.Add(new GemmJob(change.Transposed, Slice(_product, e, _width), _experts.Down.MatrixGradient(e), Accumulates: true));
        });
        _context.Parallel(tokens * _topK, TrainingContext.RowGrain, (start, end) => Gating.Backward(_gate, _up, _scratch.SlotProducts, _width, start, end));
        // The gradient of the slots' outputs is spent: its buffer takes that of their inputs.
        Run((e, jobs) =>
        {
            var (gate, up, inputs) = (Slice(_gate, e, _width), Slice(_up, e, _width), Slice(_inputs, e, hidden));
            jobs.Add(new GemmJob(gate, _experts.Gate.Matrix(e), Slice(_scratch.SlotOutputs, e, hidden)));
            jobs.Add(new GemmJob(gate.Transposed, inputs, _experts.Gate.MatrixGradient(e), Accumulates: true));
            jobs.Add(new GemmJob(up.Transposed, inputs, _experts.Up.MatrixGradient(e), Accumulates: true));
        });
        Run((e, jobs) => jobs.Add(new GemmJob(Slice(_up, e, _width), _experts.Up.Matrix(e), Slice(_scratch.SlotOutputs, e, hidden), Accumulates: true)));
        _context.Parallel(tokens, TrainingContext.RowGrain, (start, end) =>
        {
            for (var i = start * _topK; i < end * _topK; i++)
            {
                VectorMath.Add(inputGradient.Span((long)(i / _topK) * hidden, hidden), _scratch.SlotOutputs.Span((long)Slots.SlotOf[i] * hidden, hidden));
            }
        });

        var logits = new FloatView(_scratch.Logits, 0, tokens, shape.Experts);
        var normed = new FloatView(input, 0, tokens, hidden);
        _context.Multiply(
            new GemmJob(logits, _parameters.Router!.Matrix(), new FloatView(inputGradient, 0, tokens, hidden), Accumulates: true),
            new GemmJob(logits.Transposed, normed, _parameters.Router.MatrixGradient(), Accumulates: true));
    }

    public void Dispose()
    {
        foreach (var buffer in new[] { _scores, _weights, _inputs, _gate, _up, _product, _outputs })
        {
            buffer.Dispose();
        }
    }

    private FloatView Slice(AlignedBuffer<float> buffer, int expert, int width) =>
        new(buffer, (long)Slots.First[expert] * width, Slots.CountOf(expert), width);

    // One dispatch for all experts that any token chose.
    private void Run(Action<int, List<GemmJob>> add)
    {
        var jobs = new List<GemmJob>();
        for (var e = 0; e < _context.Shape.Experts; e++)
        {
            if (Slots.CountOf(e) > 0)
            {
                add(e, jobs);
            }
        }

        _context.Multiply([.. jobs]);
    }

    private void Choose(int start, int end)
    {
        var experts = _context.Shape.Experts;
        Span<float> scratch = stackalloc float[experts + 1];
        for (var token = start; token < end; token++)
        {
            _router.Choose(
                _scores.Span((long)token * experts, experts), scratch, Slots.Chosen.AsSpan(token * _topK, _topK), _weights.Span((long)token * _topK, _topK));
        }
    }

    // The output's gradient goes to the slots, by weight; and to the weights, and so to the router's logits.
    private void SpreadGradient(AlignedBuffer<float> output, int start, int end)
    {
        var (experts, hidden) = (_context.Shape.Experts, _context.Shape.Hidden);
        Span<float> weightGradients = stackalloc float[_topK];
        for (var token = start; token < end; token++)
        {
            var change = output.Span((long)token * hidden, hidden);
            for (var k = 0; k < _topK; k++)
            {
                var i = (token * _topK) + k;
                weightGradients[k] = TrainingMath.Dot(change, _outputs.Span((long)Slots.SlotOf[i] * hidden, hidden));
                var slot = _scratch.SlotOutputs.Span((long)Slots.SlotOf[i] * hidden, hidden);
                change.CopyTo(slot);
                VectorMath.Scale(slot, _weights[i]);
            }

            _routerGradient.Logits(
                _scores.Span((long)token * experts, experts), Slots.Chosen.AsSpan(token * _topK, _topK), weightGradients, _scratch.Logits.Span((long)token * experts, experts));
        }
    }
}
