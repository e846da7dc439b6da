using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Crescent.Training.Layers;
using Crescent.Training.Models;

namespace Crescent.Training.Tests.Reference;

/// <summary>Shapes small enough for a scalar oracle.</summary>
internal static class TinyModels
{
    public static TrainingShape Shape(int queryRank = 6, int sharedWidth = 10, bool normalise = true) => new(
        Layers: 2,
        Hidden: 14,
        Vocab: 23,
        Attention: new MlaOptions(2, queryRank, 7, 5, 4, 6, 1 / MathF.Sqrt(9)),
        DenseLayers: 1,
        DenseWidth: 18,
        Experts: 5,
        ExpertWidth: 10,
        SharedWidth: sharedWidth,
        Router: new RouterOptions(RouterScore.Sigmoid, 2, normalise, 1.7f),
        Epsilon: 1e-6f,
        RopeTheta: 100,
        ContextLength: 64);

    /// <summary>Two rows of 11 tokens: a document of 4, one of 7 and one of 11; some positions without a target.</summary>
    public static TrainingBatch Batch(TrainingShape shape, int seed = 5)
    {
        var random = new Random(seed);
        int[] tokens = [.. Enumerable.Range(0, 22).Select(_ => random.Next(shape.Vocab))];
        int[] targets = [.. Enumerable.Range(0, 22).Select(i => i is 3 or 10 or 15 or 21 ? TrainingBatch.NoTarget : tokens[i + 1])];
        return new TrainingBatch { Tokens = tokens, Targets = targets, RowLength = 11, Segments = [new AttentionSegment(0, 4), new AttentionSegment(4, 7), new AttentionSegment(11, 11)] };
    }

    public static TrainingModel Model(TrainingShape shape, ComputePool pool, float deviation = 0.4f, int maxTokens = 64)
    {
        var model = new TrainingModel(shape, maxTokens, pool);
        model.Initialize(7, deviation);
        var random = new Random(3);
        foreach (var bias in model.Layers.Select(layer => layer.RouterBias).OfType<float[]>())
        {
            for (var e = 0; e < bias.Length; e++)
            {
                bias[e] = (random.NextSingle() - 0.5f) * 0.2f;
            }
        }

        foreach (var norm in model.Parameters.Where(parameter => parameter.Role == Parameters.ParameterRole.Norm))
        {
            for (var i = 0; i < norm.Columns; i++)
            {
                norm.Values[i] = 0.5f + random.NextSingle();
            }
        }

        return model;
    }

    public static ReferenceModel Reference(TrainingModel model, TrainingBatch batch, out Dictionary<string, double[]> weights)
    {
        weights = model.Parameters.ToDictionary(parameter => parameter.Name, parameter => Enumerable.Range(0, (int)parameter.Values.Length).Select(i => (double)parameter.Used[i]).ToArray());
        return new ReferenceModel(model.Shape, batch, weights, [.. model.Layers.Select(layer => layer.RouterBias)]);
    }
}
