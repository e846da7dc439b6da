using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>A tokenizer from a GGUF file's vocabulary (reference models.md 3.8, 4.1).</summary>
internal static class GgufLoader
{
    private const string Where = "tokenizer.ggml";

    public static Tokenizer Load(GgufVocabulary source)
    {
        CheckLengths(source);
        return source.Model switch
        {
            "gpt2" => LoadByteLevel(source),
            "llama" => LoadSentencePiece(source),
            _ => throw new NotSupportedException(
                $"{Where}.model is \"{source.Model}\"; supported are gpt2 (byte-level BPE) and llama (SentencePiece BPE)"),
        };
    }

    private static TiktokenTokenizer LoadByteLevel(GgufVocabulary source)
    {
        var pre = PreTokenizers.ByName(source.Pre is null or "" ? "default" : source.Pre);
        var tokens = new TokenEntry[source.Tokens.Count];
        var ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
        {
            var kind = Kind(source, id);
            tokens[id] = new TokenEntry(
                kind == TokenKind.Normal ? ByteSpelling.Read(source.Tokens[id]) : Encoding.UTF8.GetBytes(source.Tokens[id]), kind);
            if (kind is TokenKind.Normal or TokenKind.UserDefined)
            {
                ids.TryAdd(source.Tokens[id], id);
            }
        }

        var vocabulary = new Vocabulary(tokens);
        MergeRanks ranks;
        var byRank = pre.IdsAreRanks || source.Merges is null or { Count: 0 };
        if (byRank)
        {
            ranks = new TokenRanks(vocabulary.Pieces);
        }
        else
        {
            var reader = new MergeListReader(ids, $"{Where}.merges");
            ranks = reader.Read(source.Merges!.Select(reader.Split), source.Merges!.Count);
        }

        return new TiktokenTokenizer(
            vocabulary, Special(source, source.AddBos ?? pre.AddBos), pre.Splitter, ranks, byRank || pre.WholePieceFirst, pre.Normalize);
    }

    private static SentencePieceTokenizer LoadSentencePiece(GgufVocabulary source)
    {
        if (source.Scores is null)
        {
            throw new TokenizerException($"{Where}.scores is missing; SentencePiece BPE merges by score");
        }

        var tokens = new TokenEntry[source.Tokens.Count];
        for (var id = 0; id < tokens.Length; id++)
        {
            tokens[id] = new TokenEntry(Encoding.UTF8.GetBytes(source.Tokens[id]), Kind(source, id), source.Scores[id]);
        }

        // Llama's "<s>" is always added; Grok-1 has a "[BOS]" that is not (reference models.md 4.2).
        var addBos = source.AddBos ?? (source.BosId is { } bos && bos >= 0 && bos < tokens.Length && source.Tokens[bos] == "<s>");
        return SentencePieceLoader.Create(
            tokens,
            Special(source, addBos),
            new SentencePieceOptions
            {
                DummyPrefix = source.AddSpacePrefix ?? true,
                CollapseSpaces = source.RemoveExtraWhitespaces ?? false,
            });
    }

    private static SpecialTokens Special(GgufVocabulary source, bool addBos) => new()
    {
        Bos = source.BosId,
        Eos = source.EosId,
        Eot = source.EotId,
        Pad = source.PadId,
        Unknown = source.UnknownId,
        AddBos = addBos,
        AddEos = source.AddEos ?? false,
    };

    private static TokenKind Kind(GgufVocabulary source, int id)
    {
        if (source.TokenTypes is not null)
        {
            return source.TokenTypes[id] switch
            {
                0 => TokenKind.Normal,
                >= 1 and <= 6 and var type => (TokenKind)type,
                var type => throw new TokenizerException($"{Where}.token_type[{id}] is {type}, expected 1 to 6"),
            };
        }

        return id == source.UnknownId && source.Model == "llama" ? TokenKind.Unknown
            : id == source.BosId || id == source.EosId || id == source.EotId || id == source.PadId ? TokenKind.Control
            : TokenKind.Normal;
    }

    private static void CheckLengths(GgufVocabulary source)
    {
        if (source.TokenTypes is { } types && types.Count != source.Tokens.Count)
        {
            throw new TokenizerException($"{Where}.token_type has {types.Count} entries, {Where}.tokens {source.Tokens.Count}");
        }

        if (source.Scores is { } scores && scores.Count != source.Tokens.Count)
        {
            throw new TokenizerException($"{Where}.scores has {scores.Count} entries, {Where}.tokens {source.Tokens.Count}");
        }
    }
}
