using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// SentencePiece BPE: spaces become U+2581, user-defined tokens stand alone, the characters between them merge by score; what
/// is no token falls back to byte tokens, or where there are none to the unknown token, one for a run.
/// </summary>
public sealed class SentencePieceTokenizer : Tokenizer
{
    private const int LargestKept = 1 << 16;

    private readonly Vocabulary _vocabulary;
    private readonly SentencePieceOptions _options;
    private readonly MergeRanks _ranks;
    private readonly MarkerTrie _userDefined;
    private readonly ByteStrings _decoded;
    private readonly int[]? _byteIds;
    private readonly int _unknown;
    private SymbolList? _spare = new();

    /// <param name="scores">The pieces' scores, where ranks come from them.</param>
    internal SentencePieceTokenizer(
        Vocabulary vocabulary, SpecialTokens special, MergeRanks ranks, SentencePieceOptions options, IReadOnlyList<float>? scores = null)
        : base(vocabulary, special, new MarkerTrie(vocabulary, kind => kind == TokenKind.Control))
    {
        _vocabulary = vocabulary;
        _options = options;
        _ranks = ranks;
        Scores = scores;
        _userDefined = new MarkerTrie(vocabulary, kind => kind == TokenKind.UserDefined);
        _byteIds = FindByteTokens(vocabulary);
        _unknown = UnknownId ?? FindKind(vocabulary, TokenKind.Unknown);
        if (_byteIds is null && _unknown < 0)
        {
            throw new TokenizerException($"the vocabulary of {vocabulary.Count} pieces has neither all 256 byte pieces nor an unknown piece");
        }

        _decoded = new ByteStrings([.. Enumerable.Range(0, vocabulary.Count).Select(DecodeToken)]);
    }

    public override bool DropsLeadingSpace => _options.DummyPrefix;

    internal SentencePieceOptions Options => _options;

    internal MergeRanks Ranks => _ranks;

    internal IReadOnlyList<float>? Scores { get; }

    private static ReadOnlySpan<byte> EscapedSpace => "\u2581"u8;

    private protected override ReadOnlySpan<byte> DecodedBytes(int id) => _decoded[id];

    private protected override int? FindPiece(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(_options.EscapeSpaces ? text.Replace(' ', '\u2581') : text);
        return _vocabulary.Pieces.Find(bytes) is >= 0 and var id ? id : null;
    }

    private protected override void EncodeFragment(ReadOnlySpan<byte> text, List<int> ids, TextTrust trust, bool startOfText)
    {
        var escaped = Escape(text, startOfText);
        var symbols = Interlocked.Exchange(ref _spare, null) ?? new SymbolList();
        for (var position = 0; position < escaped.Length;)
        {
            var marker = _userDefined.Next(escaped, position, trust, out var start, out var length);
            if (start > position)
            {
                EncodePiece(escaped.AsSpan(position, start - position), ids, symbols);
            }

            if (marker >= 0)
            {
                ids.Add(marker);
            }

            position = start + length;
        }

        if (symbols.Capacity <= LargestKept)
        {
            _spare = symbols;
        }
    }

    private void EncodePiece(ReadOnlySpan<byte> piece, List<int> ids, SymbolList symbols)
    {
        symbols.Clear();
        for (var position = 0; position < piece.Length;)
        {
            CharClasses.At(piece, position, out var length);
            symbols.Add(position, position + length, _vocabulary.Pieces.Find(piece.Slice(position, length)));
            position += length;
        }

        symbols.Merge(piece, _ranks);
        var afterUnknown = false;
        for (var index = 0; index >= 0;)
        {
            var id = symbols.Read(ref index, out var start, out var end);
            if (id >= 0)
            {
                ids.Add(id);
            }
            else if (_byteIds is not null)
            {
                foreach (var value in piece[start..end])
                {
                    ids.Add(_byteIds[value]);
                }
            }
            else if (!afterUnknown)
            {
                ids.Add(_unknown);
            }

            afterUnknown = id < 0;
        }
    }

    private byte[] Escape(ReadOnlySpan<byte> text, bool startOfText)
    {
        var collapsed = _options.CollapseSpaces ? CollapseSpaces(text) : text;
        if (collapsed.IsEmpty)
        {
            return [];
        }

        var space = _options.EscapeSpaces ? EscapedSpace : " "u8;
        var prefix = startOfText && _options.DummyPrefix ? space : default;
        var result = new byte[prefix.Length + collapsed.Length + collapsed.Count((byte)' ') * (space.Length - 1)];
        prefix.CopyTo(result);
        var written = prefix.Length;
        foreach (var value in collapsed)
        {
            if (value == ' ')
            {
                space.CopyTo(result.AsSpan(written));
                written += space.Length;
            }
            else
            {
                result[written++] = value;
            }
        }

        return result;
    }

    // remove_extra_whitespaces: none at the ends, one between words.
    private static ReadOnlySpan<byte> CollapseSpaces(ReadOnlySpan<byte> text)
    {
        var result = new List<byte>(text.Length);
        foreach (var value in text.Trim((byte)' '))
        {
            if (value != ' ' || result[^1] != ' ')
            {
                result.Add(value);
            }
        }

        return result.ToArray();
    }

    private byte[] DecodeToken(int id)
    {
        var bytes = _vocabulary.Bytes(id);
        return _vocabulary.Kind(id) switch
        {
            TokenKind.Byte => [ByteValue(bytes)],
            // What SentencePiece prints for an unknown piece.
            TokenKind.Unknown => [.. " \u2047 "u8],
            TokenKind.Control or TokenKind.Unused => [],
            _ when _options.EscapeSpaces => Encoding.UTF8.GetString(bytes).Contains('\u2581', StringComparison.Ordinal)
                ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace('\u2581', ' '))
                : bytes.ToArray(),
            _ => bytes.ToArray(),
        };
    }

    // Null unless every byte has its token.
    private static int[]? FindByteTokens(Vocabulary vocabulary)
    {
        var ids = new int[256];
        Array.Fill(ids, -1);
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary.Kind(id) == TokenKind.Byte)
            {
                ids[ByteValue(vocabulary.Bytes(id))] = id;
            }
        }

        return ids.Contains(-1) ? null : ids;
    }

    // <0xAB>
    private static byte ByteValue(ReadOnlySpan<byte> name) =>
        name.Length == 6 && name.StartsWith("<0x"u8) && name[5] == '>' && byte.TryParse(name[3..5], System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value)
            ? value
            : throw new TokenizerException($"a byte piece is spelled <0x00> to <0xFF>, found {Encoding.UTF8.GetString(name)}");

    private static int FindKind(Vocabulary vocabulary, TokenKind kind)
    {
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary.Kind(id) == kind)
            {
                return id;
            }
        }

        return -1;
    }
}
