using Crescent.Engine.Models.Layers;
using Crescent.Training.Models;

namespace Crescent.Training.Runs;

/// <summary>
/// Shape of the model to train (Nano's is in <c>recipes/nano</c>). With a vocabulary of 8,192 the defaults have 33.6 million weights, 9.4 million of them active, and takes 62 million operations a token
/// (6 a weight, and attention). Two cores that multiply 450 to 490 GFLOP/s train it at 4,300 tokens a second: the 1,600 steps of 16,384 tokens of the default schedule, 26 million
/// tokens, in 6,100 s.
/// </summary>
public sealed record ModelShapeOptions
{
    public int Layers { get; set; } = 6;

    public int Hidden { get; set; } = 320;

    public int Heads { get; set; } = 5;

    public int QueryRank { get; set; } = 160;

    public int LatentWidth { get; set; } = 96;

    public int NopeWidth { get; set; } = 64;

    public int RopeWidth { get; set; } = 32;

    public int ValueWidth { get; set; } = 64;

    public int DenseLayers { get; set; } = 1;

    public int DenseWidth { get; set; } = 960;

    public int Experts { get; set; } = 32;

    public int TopK { get; set; } = 4;

    public int ExpertWidth { get; set; } = 160;

    public int SharedExperts { get; set; } = 1;

    public float RouterScale { get; set; } = 2.446f;

    public float Epsilon { get; set; } = 1e-6f;

    public double RopeTheta { get; set; } = 50000;

    public int ContextLength { get; set; } = 2048;

    /// <summary>Standard deviation of the first weights.</summary>
    public float Deviation { get; set; } = 0.02f;

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
