using System.Text;

namespace Crescent.Text.Grammars;

/// <summary>A key of a JSON object, with its quotation marks, that is none of the given names. It has no escapes, so no name can be written another way.</summary>
internal sealed class OtherKeyLexeme : Lexeme
{
    private const int Closed = 14;
    private const int Before = 15;
    private const int FirstNode = 16;

    // Below 16 a part of a character as in JsonStringLexeme, from 16 a node of the names: all bytes so far are the beginning of one.
    private readonly List<Node> _nodes = [new(0)];

    public OtherKeyLexeme(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            Add(Encoding.UTF8.GetBytes(name));
        }

        FindDistances();
    }

    public override int Start => Before;

    public override int Next(int state, byte value)
    {
        if (state is Before or Closed)
        {
            return state == Before && value == '"' ? FirstNode : -1;
        }

        var node = state >= FirstNode ? _nodes[state - FirstNode] : null;
        var part = node?.Part ?? state;
        if (part == JsonStringLexeme.Body && value is (byte)'"' or (byte)'\\')
        {
            return value == '"' && node is not { IsName: true } ? Closed : -1;
        }

        return node is not null && node.Children.TryGetValue(value, out var child) ? FirstNode + child : JsonStringLexeme.NextPart(part, value);
    }

    public override bool IsAccepting(int state) => state == Closed;

    public override bool IsFinal(int state) => state == Closed;

    public override int Distance(int state) => state switch
    {
        Before => 1 + _nodes[0].Distance,
        Closed => 0,
        >= FirstNode => _nodes[state - FirstNode].Distance,
        _ => JsonStringLexeme.PartDistance(state) + 1,
    };

    public override byte WayOut(int state) => state switch
    {
        Before or JsonStringLexeme.Body => (byte)'"',
        >= FirstNode => _nodes[state - FirstNode].WayOut,
        _ => JsonStringLexeme.PartWayOut(state),
    };

    // A node stands before its children: from the last to the first all distances that one needs are there.
    private void FindDistances()
    {
        for (var index = _nodes.Count - 1; index >= 0; index--)
        {
            var node = _nodes[index];
            for (var value = 0xF4; value >= 0x20; value--)
            {
                if (Next(FirstNode + index, (byte)value) is >= 0 and var next && Distance(next) + 1 <= node.Distance)
                {
                    (node.Distance, node.WayOut) = (Distance(next) + 1, (byte)value);
                }
            }
        }
    }

    private void Add(byte[] name)
    {
        var node = _nodes[0];
        foreach (var value in name)
        {
            if (!node.Children.TryGetValue(value, out var child))
            {
                var part = JsonStringLexeme.NextPart(node.Part, value);
                if (part < 0 || value is (byte)'"' or (byte)'\\')
                {
                    return; // not to be written without escapes
                }

                child = _nodes.Count;
                node.Children.Add(value, child);
                _nodes.Add(new Node(part));
            }

            node = _nodes[child];
        }

        node.IsName = true;
    }

    private sealed class Node(int part)
    {
        public int Part => part;

        public bool IsName { get; set; }

        public int Distance { get; set; } = Nfa.Unreachable;

        public byte WayOut { get; set; }

        public Dictionary<byte, int> Children { get; } = [];
    }
}
