namespace Crescent.Text.Grammars;

/// <summary>What a <see cref="GrammarNode"/> does.</summary>
internal enum GrammarNodeKind : byte
{
    /// <summary>The end of a rule.</summary>
    Return,

    /// <summary>Reads a lexeme.</summary>
    Lexeme,

    /// <summary>Reads one token of a set of markers.</summary>
    Markers,

    /// <summary>Reads a rule.</summary>
    Call,

    /// <summary>Goes on at any of its options.</summary>
    Choice,
}

/// <summary>A point in a rule's right-hand side.</summary>
/// <param name="Value">Index of the lexeme, of the markers or of the rule.</param>
/// <param name="Next">The node after it.</param>
/// <param name="Options">With a choice: the nodes to go on at.</param>
internal readonly record struct GrammarNode(GrammarNodeKind Kind, int Value = -1, int Next = -1, int[]? Options = null);
