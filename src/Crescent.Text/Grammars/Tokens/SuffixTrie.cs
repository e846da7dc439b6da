namespace Crescent.Text.Grammars;

/// <summary>
/// What remains of tokens whose beginning a lexeme has read to its end: the subtrees of many nodes of a <see cref="TokenTrie"/> laid over each other, in preorder.
/// All begin with one byte, that of node 0.
/// </summary>
internal sealed class SuffixTrie
{
    private readonly TokenTrie _trie;
    private readonly List<(byte Label, byte Depth)> _nodes = [];
    private readonly List<int> _tokens = [];
    private readonly List<int> _ends = [];
    private readonly List<int> _firstTokens = []; // [nodes + 1]

    /// <param name="nodes">Nodes of one label.</param>
    public SuffixTrie(TokenTrie trie, List<int> nodes)
    {
        _trie = trie;
        Add(nodes, 1);
        _firstTokens.Add(_tokens.Count);
    }

    public int Count => _nodes.Count;

    public byte Label(int node) => _nodes[node].Label;

    /// <summary>1 at the root.</summary>
    public int Depth(int node) => _nodes[node].Depth;

    public int End(int node) => _ends[node];

    /// <summary>Tokens that end here.</summary>
    public ReadOnlySpan<int> Tokens(int node) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_tokens)[_firstTokens[node].._firstTokens[node + 1]];

    private void Add(List<int> nodes, int depth)
    {
        var index = _nodes.Count;
        _nodes.Add((_trie.Labels[nodes[0]], (byte)depth));
        _ends.Add(0);
        _firstTokens.Add(_tokens.Count);
        SortedDictionary<byte, List<int>>? children = null;
        foreach (var node in nodes)
        {
            for (var token = _trie.Tokens[node]; token >= 0; token = _trie.Twins[token])
            {
                _tokens.Add(token);
            }

            for (var child = node + 1; child < _trie.Ends[node]; child = _trie.Ends[child])
            {
                children ??= [];
                if (!children.TryGetValue(_trie.Labels[child], out var same))
                {
                    children.Add(_trie.Labels[child], same = []);
                }

                same.Add(child);
            }
        }

        foreach (var same in children?.Values.ToArray() ?? [])
        {
            Add(same, depth + 1);
        }

        _ends[index] = _nodes.Count;
    }
}
