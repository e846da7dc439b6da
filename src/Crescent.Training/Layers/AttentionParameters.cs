using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Training.Models;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>Weights of latent attention, and of the norm before it.</summary>
internal sealed record AttentionParameters(
    Parameter InputNorm, Parameter? QueryDown, Parameter? QueryNorm, Parameter Query, Parameter LatentDown, Parameter LatentNorm, Parameter LatentUp, Parameter Output)
{
    public IEnumerable<Parameter> All => new[] { InputNorm, QueryDown, QueryNorm, Query, LatentDown, LatentNorm, LatentUp, Output }.OfType<Parameter>();

    public static AttentionParameters Create(TrainingShape shape, int layer)
    {
        var (options, name) = (shape.Attention, DeepSeekNames.Layer(layer));
        var compressed = options.QueryRank > 0;
        return new AttentionParameters(
            Norm($"{name}.{DeepSeekNames.AttentionNorm}", shape.Hidden),
            compressed ? Matrix(DeepSeekNames.QueryDown, options.QueryRank, shape.Hidden) : null,
            compressed ? Norm($"{name}.{DeepSeekNames.Attention}.{DeepSeekNames.QueryNorm}", options.QueryRank) : null,
            compressed
                ? Matrix(DeepSeekNames.QueryUp, options.Heads * options.HeadWidth, options.QueryRank)
                : Matrix(DeepSeekNames.Query, options.Heads * options.HeadWidth, shape.Hidden),
            Matrix(DeepSeekNames.LatentDown, options.CachedWidth, shape.Hidden),
            Norm($"{name}.{DeepSeekNames.Attention}.{DeepSeekNames.LatentNorm}", options.LatentWidth),
            Matrix(DeepSeekNames.LatentUp, options.Heads * (options.NopeWidth + options.ValueWidth), options.LatentWidth),
            Matrix(DeepSeekNames.Output, shape.Hidden, options.Heads * options.ValueWidth));

        Parameter Matrix(string part, int rows, int columns) => new($"{name}.{DeepSeekNames.Attention}.{part}.weight", ParameterRole.Matrix, 1, rows, columns);

        static Parameter Norm(string module, int width) => new($"{module}.weight", ParameterRole.Norm, 1, 1, width);
    }
}
