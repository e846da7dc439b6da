namespace Crescent.Text.Grammars;

/// <summary>Restricts which tokens may follow in one answer: a grammar, or the schema of a tool's arguments. Not thread-safe; one an answer.</summary>
public interface ITokenConstraint
{
    /// <summary>Sets the bits of the tokens that may follow, clears all others; false, with the mask untouched, where every token may.</summary>
    /// <param name="mask">One bit a token of the vocabulary, token i at bit i % 64 of word i / 64.</param>
    /// <param name="tokensLeft">Tokens that the answer may still have, this one included: what is open is closed in time by its shortest completion.</param>
    bool TryFill(Span<ulong> mask, int tokensLeft);

    /// <summary>Takes the token that was chosen.</summary>
    /// <exception cref="ArgumentException">It was not allowed.</exception>
    void Accept(int token);

    /// <summary>How many of some tokens may follow one after the other, as far as that is known without taking them. A hint: what may really follow is asked for token by token.</summary>
    int CountAllowed(ReadOnlySpan<int> tokens) => tokens.Length;

    /// <summary>Tokens within which the answer can be completed from here, the stop token included; 0 where it may end at once.</summary>
    int TokensNeeded => 0;
}
