using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Training.Models;

/// <summary>Shape of a model of the DeepSeek-V3 and Kimi K2 kind.</summary>
/// <param name="DenseLayers">Leading layers without experts.</param>
/// <param name="SharedWidth">Width of the shared experts together, a multiple of <paramref name="ExpertWidth"/>; 0 for none.</param>
/// <param name="ContextLength">Positions that the model is made for.</param>
public sealed record TrainingShape(
    int Layers,
    int Hidden,
    int Vocab,
    MlaOptions Attention,
    int DenseLayers,
    int DenseWidth,
    int Experts,
    int ExpertWidth,
    int SharedWidth,
    RouterOptions Router,
    float Epsilon,
    double RopeTheta,
    int ContextLength)
{
    public Rope Rope => new(RopePairing.Interleaved, RopeFrequencies.Plain(Attention.RopeWidth, RopeTheta));

    /// <summary>Weights that take part in a token's products: all matrices but the embedding, and of the experts the chosen ones.</summary>
    public long ActiveWeights
    {
        get
        {
            var a = Attention;
            long query = a.QueryRank > 0 ? ((long)a.QueryRank * Hidden) + ((long)a.Heads * a.HeadWidth * a.QueryRank) : (long)a.Heads * a.HeadWidth * Hidden;
            var attention = query + ((long)a.CachedWidth * Hidden) + ((long)a.Heads * (a.NopeWidth + a.ValueWidth) * a.LatentWidth) + ((long)Hidden * a.Heads * a.ValueWidth);
            var mixture = ((long)Experts * Hidden) + (3L * Hidden * ((Router.TopK * ExpertWidth) + SharedWidth));
            return (Layers * attention) + (DenseLayers * 3L * Hidden * DenseWidth) + ((Layers - DenseLayers) * mixture) + ((long)Vocab * Hidden);
        }
    }

    /// <summary>Additions and multiplications of a token, forward and backward: 6 a weight, and causal attention over documents of <paramref name="context"/> tokens.</summary>
    public double TokenOperations(int context) =>
        (6.0 * ActiveWeights) + (6.0 * Layers * Attention.Heads * (Attention.HeadWidth + Attention.ValueWidth) * context / 2);

    /// <exception cref="NotSupportedException">A part of the shape is not trained.</exception>
    public void Check()
    {
        if (Layers < 1 || Hidden < 1 || Vocab < 1 || DenseLayers < 0 || DenseLayers > Layers || Attention.RopeWidth % 2 != 0 || Attention.RopeWidth < 2)
        {
            throw new NotSupportedException($"expected layers, hidden width, vocabulary and an even rotary width of at least 2, found {Layers}, {Hidden}, {Vocab}, {Attention.RopeWidth}");
        }

        if (Router.Score != RouterScore.Sigmoid || Router.Groups != 1 || Router.SoftCap != 0 || Router.TopK < 1 || (DenseLayers < Layers && Router.TopK > Experts))
        {
            throw new NotSupportedException($"expected a sigmoid router without groups or cap that chooses 1..{Experts} experts, found {Router}");
        }

        if (SharedWidth > 0 && SharedWidth % ExpertWidth != 0)
        {
            throw new NotSupportedException($"expected a shared width that is a multiple of the experts' {ExpertWidth}, found {SharedWidth}");
        }
    }
}
