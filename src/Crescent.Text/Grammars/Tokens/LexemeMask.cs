namespace Crescent.Text.Grammars;

/// <summary>Tokens that end within a lexeme, by the cost of the state after them.</summary>
/// <param name="Groups">Cheapest first.</param>
internal sealed record LexemeMask((int Cost, TokenSet Tokens)[] Groups);

/// <summary>Collects a <see cref="LexemeMask"/>.</summary>
internal sealed class LexemeMaskBuilder(int vocabulary)
{
    private readonly List<(int Cost, TokenSet Tokens)> _sets = [];
    private readonly SortedDictionary<int, List<int>> _tokens = [];
    private List<int> _last = [];
    private int _lastCost = -1;

    public void Add(int cost, TokenSet tokens) => _sets.Add((cost, tokens));

    public void Add(int cost, int token)
    {
        if (cost != _lastCost)
        {
            _lastCost = cost;
            if (!_tokens.TryGetValue(cost, out _last!))
            {
                _tokens.Add(cost, _last = []);
            }
        }

        _last.Add(token);
    }

    public LexemeMask Build() =>
        new([.. _sets.Concat(_tokens.Select(group => (group.Key, new TokenSet(group.Value, vocabulary)))).OrderBy(group => group.Item1)]);
}

/// <summary>Where tokens go on after the end of a lexeme, by the byte that follows it.</summary>
internal sealed class LexemeExits
{
    private readonly TokenTrie _trie;
    private readonly List<int>?[] _nodes;                      // [256], nodes of the trie
    private readonly SuffixTrie?[] _suffixes = new SuffixTrie?[256];

    public LexemeExits(TokenTrie trie, List<int>?[] nodes)
    {
        _trie = trie;
        _nodes = nodes;
        Bytes = [.. Enumerable.Range(0, 256).Where(value => nodes[value] is not null).Select(value => (byte)value)];
    }

    /// <summary>Bytes that follow the lexeme in a token.</summary>
    public byte[] Bytes { get; }

    /// <summary>The rest of those tokens, that byte first.</summary>
    public SuffixTrie After(byte value) => _suffixes[value] ??= new SuffixTrie(_trie, _nodes[value]!);
}
