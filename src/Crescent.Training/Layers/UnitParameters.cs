using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>Weights of gated feed-forward units: one, or a stack of routed experts.</summary>
internal sealed record UnitParameters(Parameter Gate, Parameter Up, Parameter Down)
{
    public int Width => Gate.Rows;

    public IEnumerable<Parameter> All => [Gate, Up, Down];

    /// <param name="module">Name of the unit; of experts with <c>{0}</c> in the place of the number.</param>
    public static UnitParameters Create(string module, ParameterRole role, int count, int hidden, int width) => new(
        new Parameter($"{module}.{DeepSeekNames.Gate}.weight", role, count, width, hidden),
        new Parameter($"{module}.{DeepSeekNames.Up}.weight", role, count, width, hidden),
        new Parameter($"{module}.{DeepSeekNames.Down}.weight", role, count, hidden, width));
}
