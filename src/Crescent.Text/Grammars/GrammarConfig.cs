namespace Crescent.Text.Grammars;

/// <summary>One of the places where a reading of a grammar may stand.</summary>
/// <param name="Reader">A lexeme's index; <see cref="Complete"/>; or −2 − the index of markers.</param>
/// <param name="State">The lexeme's state.</param>
/// <param name="Next">The node after it.</param>
/// <param name="Frame">The calls it stands in, in <see cref="GrammarFrames"/>.</param>
internal readonly record struct GrammarConfig(int Reader, int State, int Next, int Frame)
{
    /// <summary>The reader of a complete text.</summary>
    public const int Complete = -1;

    public int Markers => -2 - Reader;
}

/// <summary>Stacks of calls as a tree: a frame is where to go on, and the frame below. Equal stacks are one frame.</summary>
internal sealed class GrammarFrames
{
    /// <summary>The empty stack.</summary>
    public const int Bottom = 0;

    private readonly Dictionary<long, int> _ids = new(256);
    private readonly List<(int Node, int Below, int Cost)> _frames = new(256) { (-1, -1, 0) };

    public int Node(int frame) => _frames[frame].Node;

    public int Below(int frame) => _frames[frame].Below;

    /// <summary>Fewest tokens from the return to the end of the text.</summary>
    public int Cost(int frame) => _frames[frame].Cost;

    public int Push(int node, int below, int cost)
    {
        var key = ((long)node << 32) | (uint)below;
        if (!_ids.TryGetValue(key, out var frame))
        {
            frame = _frames.Count;
            _ids.Add(key, frame);
            _frames.Add((node, below, Math.Min(cost + _frames[below].Cost, Nfa.Unreachable)));
        }

        return frame;
    }
}
