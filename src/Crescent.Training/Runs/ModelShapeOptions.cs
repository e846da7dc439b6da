using Crescent.Engine.Models.Layers;
using Crescent.Training.Models;

namespace Crescent.Training.Runs;

/// <summary>
/// Shape of the model to train. The defaults are Nano: 10.5 million active weights of 34 million, which two cores train at several thousand tokens a second.
/// </summary>
public sealed record ModelShapeOptions
{
    public int Layers { get; init; } = 6;

    public int Hidden { get; init; } = 320;

    public int Heads { get; init; } = 5;

    public int QueryRank { get; init; } = 160;

    public int LatentWidth { get; init; } = 96;

    public int NopeWidth { get; init; } = 64;

    public int RopeWidth { get; init; } = 32;

    public int ValueWidth { get; init; } = 64;

    public int DenseLayers { get; init; } = 1;

    public int DenseWidth { get; init; } = 960;

    public int Experts { get; init; } = 32;

    public int TopK { get; init; } = 4;

    public int ExpertWidth { get; init; } = 160;

    public int SharedExperts { get; init; } = 1;

    public float RouterScale { get; init; } = 2.446f;

    public float Epsilon { get; init; } = 1e-6f;

    public double RopeTheta { get; init; } = 50000;

    public int ContextLength { get; init; } = 2048;

    /// <summary>Standard deviation of the first weights.</summary>
    public float Deviation { get; init; } = 0.02f;

    public TrainingShape Shape(int vocab) => new(
        Layers,
        Hidden,
        vocab,
        new MlaOptions(Heads, QueryRank, LatentWidth, NopeWidth, RopeWidth, ValueWidth, 1 / MathF.Sqrt(NopeWidth + RopeWidth)),
        DenseLayers,
        DenseWidth,
        Experts,
        ExpertWidth,
        SharedExperts * ExpertWidth,
        new RouterOptions(RouterScore.Sigmoid, TopK, Normalise: true, RouterScale),
        Epsilon,
        RopeTheta,
        ContextLength);
}
