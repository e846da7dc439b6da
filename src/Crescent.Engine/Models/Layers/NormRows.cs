using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models.Layers;

/// <summary>A root-mean-square norm with its weight, applied to rows of the residual stream.</summary>
public sealed class NormRows(float[] weight, float epsilon)
{
    private readonly float[] _weight = weight; // [hidden]
    private readonly float _epsilon = epsilon;

    /// <summary>Norms one row: [n] → [n].</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output) => RmsNorm.Apply(input, _weight, _epsilon, output);

    /// <summary><c>Normed ← norm(Hidden)</c> for every token of the step.</summary>
    public void HiddenToNormed(ForwardState state)
    {
        state.Normed.Rows = state.Batch.Count;
        var work = new NormWork { Norm = this, State = state };
        state.Pool.Run(ref work, state.Batch.Count, ForwardState.RowGrain(state.HiddenWidth));
    }

    /// <summary><c>Hidden += BlockOutput</c>, the output first normed where <paramref name="norm"/> is given.</summary>
    public static void AddOutputToHidden(ForwardState state, NormRows? norm = null)
    {
        var work = new AddWork { Norm = norm, State = state };
        state.Pool.Run(ref work, state.Batch.Count, ForwardState.RowGrain(state.HiddenWidth));
    }

    private struct NormWork : IWork
    {
        public NormRows Norm;
        public ForwardState State;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var row = start; row < end; row++)
            {
                Norm.Apply(State.HiddenRow(row), State.Normed.Row(row));
            }
        }
    }

    private struct AddWork : IWork
    {
        public NormRows? Norm;
        public ForwardState State;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var row = start; row < end; row++)
            {
                var output = State.OutputRow(row);
                Norm?.Apply(output, output);
                VectorMath.Add(State.HiddenRow(row), output);
            }
        }
    }
}
