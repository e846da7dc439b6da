using System.Numerics;

namespace Crescent.Engine.Runtime.Speculation;

/// <summary>How often guesses of one sequence come true, by the length of the match they follow: moving averages, whether the guess was computed ahead or only remembered.</summary>
internal sealed class Acceptance
{
    private const double Weight = 1.0 / 8; // of the newest guess

    private readonly double[] _rates = [0.25, 0.5, 0.75, 0.9]; // matches of 3, 4-7, 8-15, 16 and more tokens; what to begin with

    public double Rate(int match) => _rates[Bucket(match)];

    public void Add(int match, bool isRight)
    {
        ref var rate = ref _rates[Bucket(match)];
        rate += ((isRight ? 1 : 0) - rate) * Weight;
    }

    private int Bucket(int match) => Math.Min(BitOperations.Log2((uint)match) - 1, _rates.Length - 1);
}
