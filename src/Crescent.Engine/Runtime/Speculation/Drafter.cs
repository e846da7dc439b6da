namespace Crescent.Engine.Runtime.Speculation;

/// <summary>
/// Guesses how one sequence goes on. It guesses at every token, and learns from every token whether it was right; whether a guess is computed ahead is decided
/// by what that is likely to bring.
/// </summary>
internal sealed class Drafter(int mostTokens)
{
    private readonly NgramIndex _index = new();
    private readonly Acceptance _acceptance = new();
    private readonly int[] _guess = new int[mostTokens];
    private int _count; // tokens of the guess
    private int _match; // tokens that stood before it both times
    private int _known; // guessed tokens whose place has been filled since

    /// <summary>The last guess.</summary>
    public ReadOnlySpan<int> Guess => _guess.AsSpan(0, _count);

    /// <summary>Guesses anew. A repetition that runs into the end is guessed to go on.</summary>
    /// <param name="tokens">The sequence's tokens.</param>
    public void Look(ReadOnlySpan<int> tokens)
    {
        _known = 0;
        _match = _index.Find(tokens, out var next);
        _count = _match > 0 ? _guess.Length : 0;
        for (var i = 0; i < _count; i++)
        {
            _guess[i] = next + i < tokens.Length ? tokens[next + i] : _guess[i - (tokens.Length - next)];
        }
    }

    /// <summary>Takes the token that was chosen, to compare it with the guess.</summary>
    public void Learn(int token)
    {
        if (_known == _count)
        {
            return;
        }

        var isRight = _guess[_known] == token;
        _acceptance.Add(_match + _known, isRight);
        _known = isRight ? _known + 1 : _count;
    }

    /// <summary>As many of the first guessed tokens as give the most tokens in the time; 0 where none pay.</summary>
    /// <param name="most">Most of them.</param>
    /// <param name="rows">Rows of the step beside them, this sequence's own among them: each gives a token.</param>
    /// <param name="rowCost">What each row more costs, as a share of a step of one row.</param>
    public int CountPaying(int most, int rows, double rowCost)
    {
        var before = 1 + ((rows - 1) * rowCost);
        var (best, bestRate) = (0, rows / before);
        var (expected, chance) = ((double)rows, 1.0);
        for (var count = 1; count <= most; count++)
        {
            chance *= _acceptance.Rate(_match + count - 1);
            expected += chance;
            var rate = expected / (before + (count * rowCost));
            if (rate > bestRate)
            {
                (best, bestRate) = (count, rate);
            }
        }

        return best;
    }
}
