namespace Crescent.Engine.Runtime.Speculation;

/// <summary>Finds where the last tokens of a growing sequence stood before: chains of positions whose last three tokens hash alike, newest first. Two integers a token.</summary>
internal sealed class NgramIndex
{
    /// <summary>Least tokens of a match.</summary>
    public const int LeastMatch = 3;

    private const int MostCandidates = 32; // looked at a call, so that a token repeated for ever costs no more
    private const int MostMatch = 64;      // tokens compared

    private int[] _heads = new int[1024];  // [power of two], the newest position of a hash, plus 1; 0 for none
    private int[] _previous = new int[512]; // [tokens], the position before it of the same hash, plus 1
    private int _indexed = LeastMatch - 1;  // positions before it are in the chains

    /// <summary>The longest match of the end of <paramref name="tokens"/> with what stands before it, the newest of equal ones.</summary>
    /// <param name="next">Position after the match.</param>
    /// <returns>Tokens that match; 0 for none.</returns>
    public int Find(ReadOnlySpan<int> tokens, out int next)
    {
        next = 0;
        var last = tokens.Length - 1;
        if (last < LeastMatch)
        {
            return 0;
        }

        Extend(tokens[..last]);
        var best = LeastMatch - 1;
        var at = _heads[Hash(tokens, last)];
        for (var tries = 0; at > 0 && tries < MostCandidates && best < MostMatch; tries++, at = _previous[at - 1])
        {
            var match = CountMatch(tokens, at - 1, last);
            if (match > best)
            {
                (best, next) = (match, at);
            }
        }

        return best < LeastMatch ? 0 : best;
    }

    private void Extend(ReadOnlySpan<int> tokens)
    {
        if (tokens.Length > _previous.Length)
        {
            Array.Resize(ref _previous, Math.Max(tokens.Length, _previous.Length * 2));
            _heads = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)_previous.Length * 2)];
            _indexed = LeastMatch - 1;
        }

        for (; _indexed < tokens.Length; _indexed++)
        {
            ref var head = ref _heads[Hash(tokens, _indexed)];
            _previous[_indexed] = head;
            head = _indexed + 1;
        }
    }

    private int Hash(ReadOnlySpan<int> tokens, int end)
    {
        var key = ((((uint)tokens[end - 2] * 0x9E3779B1u) + (uint)tokens[end - 1]) * 0x85EBCA77u) + (uint)tokens[end];
        return (int)((key * 0xC2B2AE3Du) >> 8) & (_heads.Length - 1);
    }

    private static int CountMatch(ReadOnlySpan<int> tokens, int at, int last)
    {
        var count = 0;
        while (count < MostMatch && count <= at && tokens[at - count] == tokens[last - count])
        {
            count++;
        }

        return count;
    }
}
