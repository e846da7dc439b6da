namespace Crescent.Text.Grammars;

/// <summary>
/// Byte strings of tokens as a forest in preorder: a node's children are the nodes up to its end that lie one deeper. Two parts stand one after the other: the
/// <b>free</b> tokens (whole characters, none of them a quotation mark, backslash or control character: nearly all of a vocabulary), then the others.
/// </summary>
internal sealed class TokenTrie
{
    private readonly byte[] _labels;
    private readonly byte[] _depths;   // 1 at a root
    private readonly int[] _ends;      // the node after the last one below
    private readonly int[] _tokens;    // −1 where no token ends
    private readonly int[] _twins;     // [vocabulary], the next token of the same bytes, else −1

    private TokenTrie(List<Node> nodes, int freeEnd, int[] twins)
    {
        _labels = [.. nodes.Select(node => node.Label)];
        _depths = [.. nodes.Select(node => (byte)node.Depth)];
        _ends = [.. nodes.Select(node => node.End)];
        _tokens = [.. nodes.Select(node => node.Token)];
        _twins = twins;
        FreeEnd = freeEnd;
    }

    public int Count => _labels.Length;

    /// <summary>Nodes below this belong to free tokens.</summary>
    public int FreeEnd { get; }

    public ReadOnlySpan<byte> Labels => _labels;

    public ReadOnlySpan<byte> Depths => _depths;

    public ReadOnlySpan<int> Ends => _ends;

    public ReadOnlySpan<int> Tokens => _tokens;

    public ReadOnlySpan<int> Twins => _twins;

    /// <param name="tokens">Ids with their bytes; at most 255 of them a token.</param>
    /// <param name="isFree">Which of them belong to the first part.</param>
    public static TokenTrie Build(int vocabulary, List<(int Id, byte[] Bytes)> tokens, Func<int, bool> isFree)
    {
        var twins = new int[vocabulary];
        Array.Fill(twins, -1);
        var nodes = new List<Node>(tokens.Count * 3);
        var byBytes = Comparer<(int Id, byte[] Bytes)>.Create((first, second) => first.Bytes.AsSpan().SequenceCompareTo(second.Bytes) is var order and not 0 ? order : first.Id.CompareTo(second.Id));
        var (free, others) = (tokens.Where(token => isFree(token.Id)).ToArray(), tokens.Where(token => !isFree(token.Id)).ToArray());
        Array.Sort(free, byBytes);
        Append(nodes, free, twins);
        var freeEnd = nodes.Count;
        Array.Sort(others, byBytes);
        Append(nodes, others, twins);
        return new TokenTrie(nodes, freeEnd, twins);
    }

    private static void Append(List<Node> nodes, (int Id, byte[] Bytes)[] sorted, int[] twins)
    {
        var path = new List<int>();
        byte[] last = [];
        foreach (var (id, bytes) in sorted)
        {
            var shared = last.AsSpan().CommonPrefixLength(bytes);
            if (shared == bytes.Length && shared == last.Length && path.Count > 0)
            {
                var node = nodes[path[^1]];
                (twins[id], node.Token) = (node.Token, id);
                continue;
            }

            Close(nodes, path, shared);
            for (var depth = shared; depth < bytes.Length; depth++)
            {
                path.Add(nodes.Count);
                nodes.Add(new Node(bytes[depth], depth + 1));
            }

            nodes[path[^1]].Token = id;
            last = bytes;
        }

        Close(nodes, path, 0);
    }

    private static void Close(List<Node> nodes, List<int> path, int keep)
    {
        while (path.Count > keep)
        {
            nodes[path[^1]].End = nodes.Count;
            path.RemoveAt(path.Count - 1);
        }
    }

    private sealed class Node(byte label, int depth)
    {
        public byte Label => label;

        public int Depth => depth;

        public int End { get; set; }

        public int Token { get; set; } = -1;
    }
}
