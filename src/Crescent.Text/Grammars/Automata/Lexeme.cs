namespace Crescent.Text.Grammars;

/// <summary>
/// A deterministic automaton over bytes. States are numbers of its own, −1 is none; from every state the end can be reached. Safe for use by many threads.
/// </summary>
internal abstract class Lexeme
{
    public abstract int Start { get; }

    /// <summary>Two lexemes of one key are the same automaton, whose masks are shared; null for one of its own.</summary>
    public virtual string? Key => null;

    /// <summary>The state after a byte; −1 where it does not fit.</summary>
    public abstract int Next(int state, byte value);

    public abstract bool IsAccepting(int state);

    /// <summary>Whether nothing may follow.</summary>
    public abstract bool IsFinal(int state);

    /// <summary>Fewest bytes to an accepting state.</summary>
    public abstract int Distance(int state);

    /// <summary>The next byte of one shortest way to an accepting state; its choice depends on the state alone.</summary>
    public abstract byte WayOut(int state);

    /// <summary>A state in which the same tokens fit at the same costs, none longer than <paramref name="longest"/> bytes.</summary>
    public virtual int MaskState(int state, int longest) => state;

    /// <summary>
    /// How many characters of any kind but quotation mark, backslash and control characters fit, none of them reaching an accepting state; 0 where that is not known.
    /// </summary>
    public virtual int FreeCharacters(int state) => 0;

    /// <summary>The state after so many of those characters.</summary>
    public virtual int AfterFree(int state, int characters) => state;

    /// <summary>Tokens without bytes that may stand in the lexeme and leave its state as it is, ascending.</summary>
    public virtual IReadOnlyList<int> Markers => [];
}
