using System.Globalization;
using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>What a GGUF file needs to hold a tokenizer: <see cref="TokenizerFactory.FromGguf"/> of it encodes as the tokenizer does.</summary>
public static class GgufVocabularyExport
{
    /// <param name="vocabularySize">Rows of the embedding: unused tokens fill up to it. Null for no more than there are.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tokenizer has more tokens than <paramref name="vocabularySize"/>.</exception>
    /// <exception cref="NotSupportedException">GGUF cannot say how this tokenizer encodes.</exception>
    public static GgufVocabulary From(Tokenizer tokenizer, int? vocabularySize = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (vocabularySize < tokenizer.VocabularySize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(vocabularySize), vocabularySize, $"the tokenizer has {tokenizer.VocabularySize} tokens, the embedding {vocabularySize} rows");
        }

        var size = vocabularySize ?? tokenizer.VocabularySize;
        return tokenizer switch
        {
            TiktokenTokenizer byteLevel => ByteLevel(byteLevel, size),
            SentencePieceTokenizer pieces => SentencePiece(pieces, size),
            _ => throw new NotSupportedException($"a {tokenizer.GetType().Name} has no form in GGUF; byte-level and SentencePiece BPE have"),
        };
    }

    private static GgufVocabulary ByteLevel(TiktokenTokenizer tokenizer, int size)
    {
        var vocabulary = tokenizer.Vocabulary;
        var pre = PreTokenizers.NameOf(tokenizer.Splitter, tokenizer.Normalizes);
        string[] tokens = [.. Enumerable.Range(0, size).Select(id => ByteLevelName(vocabulary, id))];
        return Common(tokenizer, size, tokens) with
        {
            Model = "gpt2",
            Pre = pre,
            Merges = Merges(tokenizer, PreTokenizers.ByName(pre), tokens),
        };
    }

    private static List<string> Merges(TiktokenTokenizer tokenizer, PreTokenizer pre, string[] tokens)
    {
        var vocabulary = tokenizer.Vocabulary;
        var merges = tokenizer.Ranks is PairRanks pairs ? pairs.InOrder() : RankMerges.Build(vocabulary);
        if (pre.IdsAreRanks && merges.Zip(merges.Skip(1)).Any(pair => pair.First.Merged > pair.Second.Merged))
        {
            throw new NotSupportedException("the merge list is not in the order of the ids, which this pre-tokenizer takes for ranks");
        }

        // Whether a piece is first looked up whole only matters where merging would not find it.
        if (tokenizer.WholePieceFirst != pre.WholePieceFirst && RankMerges.FindUnreached(vocabulary, tokenizer.Ranks) is { } id)
        {
            throw new NotSupportedException(
                $"token {id} \"{tokenizer.TokenName(id)}\" is not made by merging, and GGUF cannot say with this pre-tokenizer "
                + (tokenizer.WholePieceFirst ? "that it is found whole" : "that it is not to be found"));
        }

        // Spellings that do not join belong to tokens cut out of the text before merging.
        return [.. merges.Where(merge => tokens[merge.Left] + tokens[merge.Right] == tokens[merge.Merged]).Select(merge => $"{tokens[merge.Left]} {tokens[merge.Right]}")];
    }

    private static GgufVocabulary SentencePiece(SentencePieceTokenizer tokenizer, int size)
    {
        var vocabulary = tokenizer.Vocabulary;
        var scores = tokenizer.Scores ?? PieceScores.Of(vocabulary, (PairRanks)tokenizer.Ranks);
        string[] tokens = [.. Enumerable.Range(0, size).Select(id => PieceName(vocabulary, id, tokenizer.Options.EscapeSpaces))];
        return Common(tokenizer, size, tokens) with
        {
            Model = "llama",
            Pre = "default",
            Scores = [.. scores, .. Enumerable.Repeat(0f, size - scores.Count)],
            AddSpacePrefix = tokenizer.Options.DummyPrefix,
            RemoveExtraWhitespaces = tokenizer.Options.CollapseSpaces ? true : null,
        };
    }

    private static GgufVocabulary Common(Tokenizer tokenizer, int size, string[] tokens) => new()
    {
        Model = "",
        Tokens = tokens,
        TokenTypes = [.. Enumerable.Range(0, size).Select(id => Type(tokenizer, id))],
        BosId = tokenizer.BosId,
        EosId = tokenizer.EosId,
        EotId = tokenizer.EotId,
        PadId = tokenizer.PadId,
        UnknownId = tokenizer.UnknownId,
        AddBos = tokenizer.AddBos,
        AddEos = tokenizer.AddEos,
    };

    private static int Type(Tokenizer tokenizer, int id) =>
        (int)(id >= tokenizer.VocabularySize || tokenizer.Vocabulary.Bytes(id).IsEmpty ? TokenKind.Unused : tokenizer.Vocabulary.Kind(id));

    private static string ByteLevelName(Vocabulary vocabulary, int id) =>
        IsPlaceholder(vocabulary, id) ? Placeholder(id)
        : vocabulary.Kind(id) == TokenKind.Normal ? ByteSpelling.Spell(vocabulary.Bytes(id))
        : Encoding.UTF8.GetString(vocabulary.Bytes(id));

    private static string PieceName(Vocabulary vocabulary, int id, bool escaped)
    {
        if (IsPlaceholder(vocabulary, id))
        {
            return Placeholder(id);
        }

        var name = Encoding.UTF8.GetString(vocabulary.Bytes(id));
        return escaped || vocabulary.Kind(id) != TokenKind.Normal ? name : name.Replace(' ', '\u2581');
    }

    private static bool IsPlaceholder(Vocabulary vocabulary, int id) => id >= vocabulary.Count || vocabulary.Bytes(id).IsEmpty;

    private static string Placeholder(int id) => $"[PAD{id.ToString(CultureInfo.InvariantCulture)}]";
}
