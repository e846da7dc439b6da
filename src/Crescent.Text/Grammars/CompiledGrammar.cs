namespace Crescent.Text.Grammars;

/// <summary>A grammar prepared for a vocabulary. Immutable but for masks that it remembers; safe for use by many threads and answers.</summary>
public sealed class CompiledGrammar
{
    internal CompiledGrammar(Grammar grammar, GrammarVocabulary vocabulary, GrammarNode[] nodes, int[] entries, LexemeMasks[] lexemes, IReadOnlyList<int>[] markers)
    {
        Vocabulary = vocabulary;
        Nodes = nodes;
        Entries = entries;
        Lexemes = lexemes;
        Markers = markers;
        Costs = GrammarCosts.Find(nodes, entries, [.. lexemes.Select(masks => masks.Cost(masks.Lexeme.Start))]);
        Root = entries[grammar.Root];
        EndTokens = grammar.MayRunOut ? 0 : 1;
        if (Costs[Root] >= Nfa.Unreachable)
        {
            throw new ArgumentException($"the grammar's rule {grammar.Rules[grammar.Root].Name} never ends: no text is complete by it");
        }

        if (GrammarCosts.LeftRecursive(nodes, entries, Costs) is { } rule)
        {
            throw new ArgumentException($"the grammar's rule {grammar.Rules[rule].Name} begins with itself (left recursion); write the repetition as x* or put something before it");
        }
    }

    /// <summary>Tokens that the shortest answer takes at most, the stop token after it included where there must be one: with fewer, none can be written.</summary>
    public int TokensNeeded => Math.Max(Costs[Root] + EndTokens, 1);

    /// <summary>Stop tokens that there must be room for.</summary>
    internal int EndTokens { get; }

    internal GrammarVocabulary Vocabulary { get; }

    internal GrammarNode[] Nodes { get; }

    /// <summary>[rules], the first node of each; −1 for one that is part of lexemes only.</summary>
    internal int[] Entries { get; }

    internal LexemeMasks[] Lexemes { get; }

    internal IReadOnlyList<int>[] Markers { get; }

    /// <summary>[nodes], tokens to the end of the rule.</summary>
    internal int[] Costs { get; }

    internal int Root { get; }

    /// <summary>The constraint of one answer.</summary>
    /// <param name="stopTokens">Tokens that may follow a complete text, and then end the answer.</param>
    /// <param name="maxTokens">Tokens that the answer may have, the stop token included.</param>
    /// <exception cref="ArgumentException">No stop token is given, or the answer cannot be completed in so few tokens.</exception>
    public GrammarConstraint CreateConstraint(IReadOnlyCollection<int> stopTokens, int maxTokens = int.MaxValue) => new(this, stopTokens, maxTokens);
}
