using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// The gated units of a mixture layer: <c>down(f(gate x) ⊙ up x)</c> of some of its experts at a time, and of the unit that every token takes. An
/// expert's output does not depend on which others run in its wave.
/// </summary>
/// <param name="weights">The experts where the checkpoint has them: names for observers, and biases.</param>
/// <param name="shared">Unit that every token takes, or null for none.</param>
public sealed class ExpertUnits(ExpertWeights weights, FeedForwardWeights? shared, GateFunction function, MoeScratch scratch)
{
    private readonly FeedForwardWeights? _shared = shared;
    private readonly GateFunction _function = function;

    public ExpertWeights Weights { get; } = weights;

    /// <summary>The routing of the step, and where outputs go.</summary>
    public MoeScratch Scratch { get; } = scratch;

    /// <summary>Runs the experts of a wave, each over its tokens.</summary>
    /// <param name="withShared">Whether the shared unit runs too: in one wave of a step.</param>
    public void Run(ForwardState state, ExpertWave wave, bool withShared)
    {
        var shared = withShared ? _shared : null;
        var slots = RunGateAndUp(state, wave, shared);
        GatedRows.Apply(state, _function, Scratch.Middle, Scratch.Up, slots, new GatedRows.Biases(Weights.GateBias, Weights.UpBias, Scratch.ExpertOfRow));
        if (shared is not null)
        {
            GatedRows.Apply(state, _function, Scratch.Shared!.Middle, Scratch.Shared.Up, state.Batch.Count);
        }

        state.Profile?.Lap(StepPart.Gate);
        RunDown(state, wave, shared);
    }

    // Returns the rows of Middle in use: the slots of the wave's experts, one expert after another.
    private int RunGateAndUp(ForwardState state, ExpertWave wave, FeedForwardWeights? shared)
    {
        var (count, row) = (0, 0);
        if (shared is not null)
        {
            Scratch.Jobs[count++] = new Linear(shared.Gate).Job(state.Normed, state.Batch.Count, Scratch.Shared!.Middle.Values);
            Scratch.Jobs[count++] = new Linear(shared.Up).Job(state.Normed, state.Batch.Count, Scratch.Shared.Up);
        }

        for (var i = 0; i < wave.Count; i++)
        {
            var expert = wave.Expert(i);
            Scratch.Jobs[count++] = Input(state, wave.Gate(i), Weights.Gate[expert], expert, row, Scratch.Middle.Values);
            Scratch.Jobs[count++] = Input(state, wave.Up(i), Weights.Up[expert], expert, row, Scratch.Up);
            var tokens = Scratch.TokensOf(expert);
            Scratch.ExpertOfRow.AsSpan(row, tokens).Fill(expert);
            row += tokens;
        }

        state.Multiply(Scratch.Jobs.AsSpan(0, count));
        state.Profile?.Lap(StepPart.ExpertInput);
        return row;
    }

    private void RunDown(ForwardState state, ExpertWave wave, FeedForwardWeights? shared)
    {
        var (count, row) = (0, 0);
        if (shared is not null)
        {
            Scratch.Jobs[count++] = new Linear(shared.Down).Job(Scratch.Shared!.Middle, state.Batch.Count, state.BlockOutput);
        }

        for (var i = 0; i < wave.Count; i++)
        {
            var expert = wave.Expert(i);
            var tokens = Scratch.TokensOf(expert);
            Scratch.Jobs[count++] = new MatMulJob
            {
                Weights = wave.Down(i),
                CopyOf = Weights.Down[expert],
                Input = Scratch.Middle,
                InputStart = row,
                InputStride = 1,
                Count = tokens,
                Output = Scratch.Output,
                OutputStart = (long)Scratch.FirstSlot[expert] * state.HiddenWidth,
                OutputStride = state.HiddenWidth,
            };
            row += tokens;
        }

        state.Multiply(Scratch.Jobs.AsSpan(0, count));
        state.Profile?.Lap(StepPart.ExpertOutput);
    }

    private MatMulJob Input(ForwardState state, WeightMatrix weights, WeightMatrix original, int expert, int row, AlignedBuffer<float> output) => new()
    {
        Weights = weights,
        CopyOf = original,
        Input = state.Normed,
        InputRows = Scratch.RowOfSlot,
        InputRowsStart = Scratch.FirstSlot[expert],
        Count = Scratch.TokensOf(expert),
        Output = output,
        OutputStart = (long)row * weights.Rows,
        OutputStride = weights.Rows,
    };
}
