using System.Buffers;

namespace Crescent.Text.Tokenizers;

/// <summary>Finds special tokens spelled out in text: leftmost, then longest.</summary>
internal sealed class MarkerTrie
{
    private readonly Dictionary<long, int> _children = [];                  // node << 8 | byte -> node
    private readonly List<(int Id, TextTrust Trust)> _nodes = [(-1, 0)];
    private readonly SearchValues<byte>[] _firstBytes;                      // by trust

    public MarkerTrie(Vocabulary vocabulary, Func<TokenKind, bool> included)
    {
        var first = new HashSet<byte>[] { [], [], [] };
        for (var id = 0; id < vocabulary.Count; id++)
        {
            var bytes = vocabulary.Bytes(id);
            if (bytes.IsEmpty || !included(vocabulary.Kind(id)))
            {
                continue;
            }

            var trust = vocabulary.Kind(id) == TokenKind.Control ? TextTrust.Trusted
                : LooksLikeMarker(bytes) ? TextTrust.Plain
                : TextTrust.Untrusted;
            Add(bytes, id, trust);
            for (var level = trust; level <= TextTrust.Trusted; level++)
            {
                first[(int)level].Add(bytes[0]);
            }
        }

        _firstBytes = [.. first.Select(bytes => SearchValues.Create([.. bytes]))];
    }

    public static bool LooksLikeMarker(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 2 && ((bytes[0] == '<' && bytes[^1] == '>') || (bytes[0] == '[' && bytes[^1] == ']'));

    /// <summary>The next special token at or after a position: its id, start and length; or -1, and the start is the text's end.</summary>
    public int Next(ReadOnlySpan<byte> text, int position, TextTrust trust, out int start, out int length)
    {
        var candidates = _firstBytes[(int)trust];
        for (start = position; start < text.Length; start++)
        {
            var skip = text[start..].IndexOfAny(candidates);
            if (skip < 0)
            {
                break;
            }

            start += skip;
            var id = Match(text[start..], trust, out length);
            if (id >= 0)
            {
                return id;
            }
        }

        start = text.Length;
        length = 0;
        return -1;
    }

    private int Match(ReadOnlySpan<byte> text, TextTrust trust, out int length)
    {
        int node = 0, best = -1;
        length = 0;
        for (var i = 0; i < text.Length && _children.TryGetValue((long)node << 8 | text[i], out node); i++)
        {
            if (_nodes[node].Id >= 0 && _nodes[node].Trust <= trust)
            {
                best = _nodes[node].Id;
                length = i + 1;
            }
        }

        return best;
    }

    private void Add(ReadOnlySpan<byte> bytes, int id, TextTrust trust)
    {
        var node = 0;
        foreach (var value in bytes)
        {
            var key = (long)node << 8 | value;
            if (!_children.TryGetValue(key, out var child))
            {
                child = _nodes.Count;
                _nodes.Add((-1, 0));
                _children[key] = child;
            }

            node = child;
        }

        if (_nodes[node].Id < 0)
        {
            _nodes[node] = (id, trust);
        }
    }
}
