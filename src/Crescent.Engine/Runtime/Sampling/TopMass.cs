namespace Crescent.Engine.Runtime.Sampling;

/// <summary>
/// Finds where a top-p cut ends without sorting: passes over the vocabulary sum the weights above eight edges at once and narrow the border down, the
/// first of them around an estimate from every 16th block, until few enough tokens lie between the edges to be partitioned.
/// </summary>
internal sealed class TopMass(int vocab)
{
    private const int Edges = 8;
    private const int EstimateStep = 16;
    private const int EstimatePasses = 4;
    private const float Depth = 60; // logits below the maximum: past it no float32 probability is left
    private const double FewTokens = 4096;
    private const int MostPasses = 12; // then the logits in between are equal, or nearly

    // Logits from the estimate to the first pass's edges: near ones for flat distributions, where many tokens lie between, far ones where it is further off.
    private static readonly float[] s_offsets = [-1, -0.2f, -0.04f, 0, 0.04f, 0.2f, 1];

    private readonly float[] _weights = new float[LogitVectors.BlockCount(vocab) * LogitVectors.BlockLength];
    private readonly float[] _edges = new float[Edges];
    private readonly double[] _masses = new double[Edges];

    /// <summary>Passes over all logits that the last search took, for tests.</summary>
    internal int Passes { get; private set; }

    /// <summary>The border of the best tokens whose probabilities reach <paramref name="probability"/>, or <paramref name="least"/> where that comes first.</summary>
    /// <param name="maxima">[blocks]</param>
    /// <param name="sums">[blocks], scratch</param>
    /// <param name="candidates">Scratch.</param>
    public LogitBorder Find(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> maxima, float maximum, float probability, LogitBorder least, Span<double> sums, Candidates candidates)
    {
        var target = probability * LogitVectors.Weights(logits, maximum, _weights, sums);
        var bracket = new Bracket(MathF.Max(least.Logit, maximum - Depth), float.PositiveInfinity);
        AimAround(Estimate(logits, maxima, maximum, probability * SampledMass(sums), bracket), bracket.Low, maximum);
        for (Passes = 1; ; Passes++)
        {
            LogitVectors.MassesAbove(logits, _weights, maxima, 1, _edges, _masses);
            if (Passes == 1 && _masses[0] < target)
            {
                return least; // what it leaves has less
            }

            bracket = Narrow(bracket, target);
            if (Passes == MostPasses || bracket.IsNarrow(maximum))
            {
                break;
            }

            Divide(bracket, maximum);
        }

        candidates.GatherBetween(logits, maxima, bracket.Low, bracket.High);
        candidates.Weigh(maximum, 1);
        candidates.KeepMass(target - bracket.MassAbove);
        return candidates.Worst();
    }

    // About where the border is, from a part of the blocks.
    private float Estimate(ReadOnlySpan<float> logits, ReadOnlySpan<float> maxima, float maximum, double target, Bracket bracket)
    {
        for (var pass = 0; pass < EstimatePasses; pass++)
        {
            Divide(bracket, maximum);
            LogitVectors.MassesAbove(logits, _weights, maxima, EstimateStep, _edges, _masses);
            bracket = Narrow(bracket, target);
        }

        return bracket.Low;
    }

    private static double SampledMass(ReadOnlySpan<double> sums)
    {
        var mass = 0.0;
        for (var block = 0; block < sums.Length; block += EstimateStep)
        {
            mass += sums[block];
        }

        return mass;
    }

    private void AimAround(float estimate, float least, float maximum)
    {
        _edges[0] = least;
        for (var i = 0; i < s_offsets.Length; i++)
        {
            _edges[i + 1] = Math.Clamp(estimate + s_offsets[i], least, maximum);
        }
    }

    private void Divide(Bracket bracket, float maximum)
    {
        var width = MathF.Min(bracket.High, maximum) - bracket.Low;
        for (var i = 0; i < Edges; i++)
        {
            _edges[i] = bracket.Low + (width * (i + 1) / (Edges + 1));
        }
    }

    private Bracket Narrow(Bracket bracket, double target)
    {
        for (var i = 0; i < Edges; i++)
        {
            if (_masses[i] < target)
            {
                return _edges[i] < bracket.High ? bracket with { High = _edges[i], MassAbove = _masses[i] } : bracket;
            }

            bracket = _edges[i] >= bracket.Low ? bracket with { Low = _edges[i], Mass = _masses[i] } : bracket;
        }

        return bracket;
    }

    /// <summary>The border is at least <paramref name="Low"/> and below <paramref name="High"/>; the weights of all logits from each on.</summary>
    private readonly record struct Bracket(float Low, float High, double Mass = double.PositiveInfinity, double MassAbove = 0)
    {
        // No token in it weighs less than one at its lower end.
        public bool IsNarrow(float maximum) => High <= MathF.BitIncrement(Low) || Mass - MassAbove <= FewTokens * Math.Exp(Low - maximum);
    }
}
