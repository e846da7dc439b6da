using System.Numerics;
using System.Runtime.InteropServices;

namespace Crescent.Text.Grammars;

/// <summary>A set of tokens: their ids where they are few, else one bit a token of the vocabulary.</summary>
internal sealed class TokenSet
{
    private readonly int[]? _ids;
    private readonly ulong[]? _words;

    /// <param name="vocabulary">Number of tokens.</param>
    public TokenSet(List<int> ids, int vocabulary)
    {
        var words = (vocabulary + 63) / 64;
        if (ids.Count <= words / 4)
        {
            _ids = [.. ids];
            return;
        }

        _words = new ulong[words];
        foreach (var id in ids)
        {
            _words[id >> 6] |= 1UL << (id & 63);
        }
    }

    /// <summary>Sets the bits of the tokens.</summary>
    public void AddTo(Span<ulong> mask)
    {
        if (_words is null)
        {
            foreach (var id in _ids!)
            {
                mask[id >> 6] |= 1UL << (id & 63);
            }

            return;
        }

        var target = mask[.._words.Length];
        var source = MemoryMarshal.Cast<ulong, Vector<ulong>>(_words.AsSpan());
        var vectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(target);
        for (var i = 0; i < source.Length; i++)
        {
            vectors[i] |= source[i];
        }

        for (var i = source.Length * Vector<ulong>.Count; i < target.Length; i++)
        {
            target[i] |= _words[i];
        }
    }
}
