using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Training.Models;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>Weights of a feed-forward block and its norm: a dense unit; or a router, experts and a shared unit.</summary>
/// <param name="Dense">The dense unit, or the shared experts.</param>
/// <param name="RouterBias">[experts]: takes part in the choice only, and is moved by the load, not by gradients.</param>
internal sealed record FeedForwardParameters(Parameter InputNorm, UnitParameters? Dense, Parameter? Router, float[]? RouterBias, UnitParameters? Experts)
{
    public IEnumerable<Parameter> All =>
        [InputNorm, .. Dense?.All ?? [], .. Router is null ? Array.Empty<Parameter>() : [Router], .. Experts?.All ?? []];

    public static FeedForwardParameters Create(TrainingShape shape, int layer)
    {
        var name = DeepSeekNames.Layer(layer);
        var module = $"{name}.{DeepSeekNames.FeedForward}";
        var norm = new Parameter($"{name}.{DeepSeekNames.FeedForwardNorm}.weight", ParameterRole.Norm, 1, 1, shape.Hidden);
        if (layer < shape.DenseLayers)
        {
            return new FeedForwardParameters(norm, UnitParameters.Create(module, ParameterRole.Matrix, 1, shape.Hidden, shape.DenseWidth), null, null, null);
        }

        return new FeedForwardParameters(
            norm,
            shape.SharedWidth > 0 ? UnitParameters.Create($"{module}.{DeepSeekNames.SharedExperts}", ParameterRole.Matrix, 1, shape.Hidden, shape.SharedWidth) : null,
            new Parameter($"{module}.{DeepSeekNames.Router}.weight", ParameterRole.Matrix, 1, shape.Experts, shape.Hidden),
            new float[shape.Experts],
            UnitParameters.Create($"{module}.{DeepSeekNames.Experts}.{{0}}", ParameterRole.Expert, shape.Experts, shape.Hidden, shape.ExpertWidth));
    }
}
