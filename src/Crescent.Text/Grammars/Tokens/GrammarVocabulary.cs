using System.Collections.Concurrent;
using System.Text;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Grammars;

/// <summary>
/// A tokenizer's tokens as grammars see them: their bytes, walked as a tree. Built once a tokenizer and shared by all its grammars and threads. Control tokens and
/// user-defined ones (markers) have no bytes here: a grammar reaches them by name only, so text that it allows never becomes one.
/// </summary>
public sealed class GrammarVocabulary
{
    private const int LongestToken = 255;

    private readonly ConcurrentDictionary<string, LexemeMasks> _shared = new(StringComparer.Ordinal);
    private readonly byte[]?[] _bytes;   // [vocabulary], null for what has none
    private readonly TokenSet[] _free;   // [characters − 1]

    /// <exception cref="NotSupportedException">A byte of UTF-8 has no token of its own, so not every text can be written.</exception>
    public GrammarVocabulary(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        Tokenizer = tokenizer;
        Size = tokenizer.VocabularySize;
        _bytes = new byte[]?[Size];
        var tokens = new List<(int Id, byte[] Bytes)>(Size);
        var characters = new int[Size];
        for (var id = 0; id < Size; id++)
        {
            if (IsText(tokenizer, id) && tokenizer.TokenBytes(id) is { IsEmpty: false, Length: <= LongestToken } bytes)
            {
                _bytes[id] = bytes.ToArray();
                characters[id] = FreeCharacters(bytes);
                Longest = Math.Max(Longest, bytes.Length);
                tokens.Add((id, _bytes[id]!));
            }
        }

        Trie = TokenTrie.Build(Size, tokens, id => characters[id] > 0);
        CheckBytes(tokens);
        _free = [.. Enumerable.Range(1, characters.Max()).Select(count => new TokenSet([.. Enumerable.Range(0, Size).Where(id => characters[id] == count)], Size))];
        AllFree = new TokenSet([.. Enumerable.Range(0, Size).Where(id => characters[id] > 0)], Size);
    }

    /// <summary>Whose tokens these are.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Ids run from 0 to this, exclusive.</summary>
    public int Size { get; }

    /// <summary>Bytes of the longest token.</summary>
    internal int Longest { get; }

    internal TokenTrie Trie { get; }

    /// <summary>Most characters of a free token.</summary>
    internal int MostFreeCharacters => _free.Length;

    /// <summary>Tokens of whole characters, none of them a quotation mark, a backslash or a control character.</summary>
    internal TokenSet AllFree { get; }

    /// <summary>Those of so many characters, from 1.</summary>
    internal TokenSet Free(int characters) => _free[characters - 1];

    /// <summary>The token's bytes; none for control and user-defined tokens.</summary>
    internal ReadOnlySpan<byte> Bytes(int token) => _bytes[token];

    /// <summary>The masks of a lexeme, shared with other grammars where it has a key.</summary>
    internal LexemeMasks Masks(Lexeme lexeme) =>
        lexeme.Key is { } key ? _shared.GetOrAdd(key, _ => new LexemeMasks(lexeme, this)) : new LexemeMasks(lexeme, this);

    private static bool IsText(Tokenizer tokenizer, int id) =>
        !tokenizer.IsHidden(id) && tokenizer.Vocabulary.Kind(id) != TokenKind.UserDefined;

    // Characters of a free token; 0 for another.
    private static int FreeCharacters(ReadOnlySpan<byte> bytes)
    {
        if (bytes.ContainsAnyInRange((byte)0, (byte)0x1F) || bytes.ContainsAny((byte)'"', (byte)'\\'))
        {
            return 0;
        }

        var count = 0;
        for (; !bytes.IsEmpty; count++)
        {
            if (Rune.DecodeFromUtf8(bytes, out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                return 0;
            }

            bytes = bytes[length..];
        }

        return count;
    }

    private static void CheckBytes(List<(int Id, byte[] Bytes)> tokens)
    {
        var single = tokens.Where(token => token.Bytes.Length == 1).Select(token => (int)token.Bytes[0]).ToHashSet();
        var missing = Enumerable.Range(0, 0xF5).Where(value => value is not (0xC0 or 0xC1) && !single.Contains(value)).ToArray();
        if (missing.Length > 0)
        {
            throw new NotSupportedException(
                $"a grammar needs a vocabulary with a token for every byte of UTF-8; this one of {tokens.Count} has none for {string.Join(", ", missing.Take(4).Select(value => $"0x{value:X2}"))}{(missing.Length > 4 ? " and others" : "")}");
        }
    }
}
