using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models.Layers;

/// <summary>The three matrices of a gated feed-forward unit: <c>down(f(gate x) ⊙ up x)</c>.</summary>
public sealed record FeedForwardWeights(WeightMatrix Gate, WeightMatrix Up, WeightMatrix Down)
{
    public int Width => Gate.Rows;
}

/// <summary>Scratch rows of dense feed-forward units, shared by all layers of a model.</summary>
public sealed class FeedForwardScratch(int maxRows, int width) : IDisposable
{
    /// <summary>gate x, then f(gate x) ⊙ up x: [tokens, width]</summary>
    public Activations Middle { get; } = new(maxRows, width);

    /// <summary>up x: [tokens, width]</summary>
    public AlignedBuffer<float> Up { get; } = new((long)maxRows * width);

    public void Dispose()
    {
        Middle.Dispose();
        Up.Dispose();
    }
}

/// <summary>A dense gated feed-forward block.</summary>
public sealed class FeedForward(FeedForwardWeights weights, GateFunction function, FeedForwardScratch scratch) : IBlock
{
    private readonly FeedForwardWeights _weights = weights;
    private readonly FeedForwardScratch _scratch = scratch;
    private readonly GateFunction _function = function;
    private readonly MatMulJob[] _jobs = new MatMulJob[2];

    public void Forward(ForwardState state, int layer)
    {
        var rows = state.Batch.Count;
        _jobs[0] = new Linear(_weights.Gate).Job(state.Normed, rows, _scratch.Middle.Values);
        _jobs[1] = new Linear(_weights.Up).Job(state.Normed, rows, _scratch.Up);
        state.Multiply(_jobs);
        state.Profile?.Lap(StepPart.FeedForward);

        GatedRows.Apply(state, _function, _scratch.Middle, _scratch.Up, rows);
        state.Profile?.Lap(StepPart.Gate);

        _jobs[0] = new Linear(_weights.Down).Job(_scratch.Middle, rows, state.BlockOutput);
        state.Multiply(_jobs.AsSpan(0, 1));
        state.Profile?.Lap(StepPart.FeedForward);
    }
}

/// <summary><c>middle ← f(middle) ⊙ up</c> over many rows.</summary>
internal static class GatedRows
{
    /// <summary>Biases of gate and up, added first: row r takes those of group <c>GroupOfRow[r]</c>.</summary>
    public readonly record struct Biases(float[][]? Gate, float[][]? Up, int[] GroupOfRow);

    public static void Apply(ForwardState state, GateFunction function, Activations middle, AlignedBuffer<float> up, int rows, Biases biases = default)
    {
        middle.Rows = rows;
        var work = new Work { Function = function, Middle = middle, Up = up, Biases = biases };
        state.Pool.Run(ref work, rows, ForwardState.RowGrain(middle.Columns));
    }

    private struct Work : IWork
    {
        public GateFunction Function;
        public Activations Middle;
        public AlignedBuffer<float> Up;
        public Biases Biases;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var row = start; row < end; row++)
            {
                var up = Up.Span((long)row * Middle.Columns, Middle.Columns);
                Bias.Add(Middle.Row(row), Biases.Gate?[Biases.GroupOfRow[row]]);
                Bias.Add(up, Biases.Up?[Biases.GroupOfRow[row]]);
                GatedUnit.Apply(Function, Middle.Row(row), up);
            }
        }
    }
}
