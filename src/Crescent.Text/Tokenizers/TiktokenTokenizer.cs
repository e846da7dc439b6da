using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>Byte-level BPE: a pre-splitter cuts the text into pieces, and the bytes of each piece merge by rank (tiktoken) or by a merge list (GPT-2).</summary>
public sealed class TiktokenTokenizer : Tokenizer
{
    // A spare symbol list larger than this is not kept between calls.
    private const int LargestKept = 1 << 16;

    private readonly Vocabulary _vocabulary;
    private readonly PreSplitter _splitter;
    private readonly MergeRanks _ranks;
    private readonly bool _wholePieceFirst;
    private readonly bool _normalize;
    private readonly int[] _byteIds = new int[256];
    private SymbolList? _spare = new();

    /// <param name="wholePieceFirst">A piece that is a token becomes it without merging.</param>
    /// <param name="normalize">Text is brought to NFC first.</param>
    internal TiktokenTokenizer(
        Vocabulary vocabulary, SpecialTokens special, PreSplitter splitter, MergeRanks ranks, bool wholePieceFirst, bool normalize)
        : base(vocabulary, special, new MarkerTrie(vocabulary, kind => kind is TokenKind.Control or TokenKind.UserDefined))
    {
        _vocabulary = vocabulary;
        _splitter = splitter;
        _ranks = ranks;
        _wholePieceFirst = wholePieceFirst;
        _normalize = normalize;
        for (var value = 0; value < 256; value++)
        {
            _byteIds[value] = vocabulary.Pieces.Find([(byte)value]);
            if (_byteIds[value] < 0 && !NeverInUtf8(value))
            {
                throw new TokenizerException(
                    $"the vocabulary of {vocabulary.Count} tokens has no token for byte 0x{value:X2}; byte-level BPE needs every byte of UTF-8");
            }
        }
    }

    internal PreSplitter Splitter => _splitter;

    internal MergeRanks Ranks => _ranks;

    internal bool WholePieceFirst => _wholePieceFirst;

    internal bool Normalizes => _normalize;

    private protected override void EncodeFragment(ReadOnlySpan<byte> text, List<int> ids, TextTrust trust, bool startOfText)
    {
        if (_normalize && Nfc.TryNormalize(text, out var normalized))
        {
            text = normalized;
        }

        var symbols = Interlocked.Exchange(ref _spare, null) ?? new SymbolList();
        var start = 0;
        foreach (var end in _splitter.Split(text))
        {
            EncodePiece(text[start..end], ids, symbols);
            start = end;
        }

        if (symbols.Capacity <= LargestKept)
        {
            _spare = symbols;
        }
    }

    private protected override ReadOnlySpan<byte> DecodedBytes(int id) =>
        _vocabulary.Kind(id) is TokenKind.Normal or TokenKind.UserDefined or TokenKind.Byte ? _vocabulary.Bytes(id) : default;

    private protected override int? FindPiece(string text) =>
        _vocabulary.Pieces.Find(Encoding.UTF8.GetBytes(text)) is >= 0 and var id ? id : null;

    private void EncodePiece(ReadOnlySpan<byte> piece, List<int> ids, SymbolList symbols)
    {
        if (_wholePieceFirst && _vocabulary.Pieces.Find(piece) is >= 0 and var whole)
        {
            ids.Add(whole);
            return;
        }

        if (piece.Length == 1 && _byteIds[piece[0]] is >= 0 and var single)
        {
            ids.Add(single);
            return;
        }

        symbols.Clear();
        for (var i = 0; i < piece.Length; i++)
        {
            symbols.Add(i, i + 1, _byteIds[piece[i]]);
        }

        symbols.Merge(piece, _ranks);
        for (var index = 0; index >= 0;)
        {
            var id = symbols.Read(ref index, out _, out _);
            if (id >= 0)
            {
                ids.Add(id);
            }
            else
            {
                // A byte that no UTF-8 has, in a vocabulary that leaves those out (DeepSeek-Coder): U+FFFD.
                ids.AddRange([_byteIds[0xEF], _byteIds[0xBF], _byteIds[0xBD]]);
            }
        }
    }

    private static bool NeverInUtf8(int value) => value is 0xC0 or 0xC1 or >= 0xF5;
}
