using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>SentencePiece's <c>.model</c>, a protocol buffer (google/sentencepiece, src/sentencepiece_model.proto); BPE models only.</summary>
internal static class SentencePieceLoader
{
    public static Tokenizer Load(byte[] bytes, string where, TokenizerConfig config)
    {
        var tokens = new List<TokenEntry>();
        var trainer = new TrainerSpec();
        var normalizer = new NormalizerSpec();
        var reader = new ProtobufReader(bytes, where);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1:
                    tokens.Add(ReadPiece(reader.Message()));
                    break;
                case 2:
                    trainer = ReadTrainer(reader.Message());
                    break;
                case 3:
                    normalizer = ReadNormalizer(reader.Message());
                    break;
            }
        }

        Check(trainer, normalizer, where);
        Add(config, tokens, where);
        int? Id(long id, string? name) =>
            tokens.FindIndex(token => name is not null && token.Bytes.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(name))) is >= 0 and var named ? named
            : id >= 0 && id < tokens.Count ? (int)id
            : null;
        var bos = Id(trainer.Bos, config.Bos);
        return Create(
            tokens,
            new SpecialTokens
            {
                Bos = bos,
                Eos = Id(trainer.Eos, config.Eos),
                Pad = Id(trainer.Pad, config.Pad) ?? config.PadId,
                Unknown = Id(trainer.Unknown, config.Unknown),
                AddBos = config.AddBos ?? (bos is not null && tokens[bos.Value].Bytes.AsSpan().SequenceEqual("<s>"u8)),
                AddEos = config.AddEos ?? false,
                Stops = config.StopIds,
            },
            new SentencePieceOptions
            {
                DummyPrefix = normalizer.DummyPrefix,
                CollapseSpaces = normalizer.CollapseSpaces,
                EscapeSpaces = normalizer.EscapeSpaces,
            });
    }

    // Tokens that the files beside the model add after its pieces, or make special among them.
    private static void Add(TokenizerConfig config, List<TokenEntry> tokens, string where)
    {
        var pieces = tokens.Count;
        foreach (var (id, token) in config.Added)
        {
            if (id > 2L * pieces + TokenizerConfig.MostAdded)
            {
                throw new TokenizerException($"{where} has {pieces} pieces, but the files beside it name id {id}");
            }

            while (tokens.Count <= id)
            {
                tokens.Add(new TokenEntry([], TokenKind.Unused));
            }

            if (tokens[id].Kind is TokenKind.Normal or TokenKind.Unused or TokenKind.UserDefined)
            {
                tokens[id] = new TokenEntry(Encoding.UTF8.GetBytes(token.Content), token.Special ? TokenKind.Control : TokenKind.UserDefined, tokens[id].Score);
            }
        }
    }

    /// <summary>A tokenizer from pieces with scores.</summary>
    public static SentencePieceTokenizer Create(IReadOnlyList<TokenEntry> tokens, SpecialTokens special, SentencePieceOptions options)
    {
        var vocabulary = new Vocabulary(tokens);
        float[] scores = [.. tokens.Select(token => token.Score)];
        return new SentencePieceTokenizer(vocabulary, special, new TokenRanks(vocabulary.Pieces, TokenRanks.OfScores(scores)), options, scores);
    }

    private static void Check(TrainerSpec trainer, NormalizerSpec normalizer, string where)
    {
        if (trainer.ModelType != 2)
        {
            var name = trainer.ModelType switch { 1 => "unigram", 3 => "word", 4 => "char", var other => $"type {other}" };
            throw new NotSupportedException($"{where} is a SentencePiece {name} model; only BPE models are supported");
        }

        if (normalizer.HasCharacterMap)
        {
            throw new NotSupportedException($"{where} normalises with the character map \"{normalizer.Name}\"; only identity is supported");
        }
    }

    private static TokenEntry ReadPiece(ProtobufReader reader)
    {
        byte[] bytes = [];
        var kind = TokenKind.Normal;
        var score = 0f;
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1:
                    bytes = reader.Bytes().ToArray();
                    break;
                case 2:
                    score = reader.Float();
                    break;
                case 3:
                    kind = reader.Integer() is >= 1 and <= 6 and var type
                        ? (TokenKind)type
                        : throw new TokenizerException($"{reader.Where}: a piece's type must be 1 to 6");
                    break;
            }
        }

        return float.IsNaN(score) ? throw new TokenizerException($"{reader.Where}: a piece's score is not a number") : new TokenEntry(bytes, kind, score);
    }

    private static TrainerSpec ReadTrainer(ProtobufReader reader)
    {
        var spec = new TrainerSpec();
        while (reader.NextField())
        {
            spec = reader.Field switch
            {
                3 => spec with { ModelType = reader.Integer() },
                40 => spec with { Unknown = reader.Integer() },
                41 => spec with { Bos = reader.Integer() },
                42 => spec with { Eos = reader.Integer() },
                43 => spec with { Pad = reader.Integer() },
                _ => spec,
            };
        }

        return spec;
    }

    private static NormalizerSpec ReadNormalizer(ProtobufReader reader)
    {
        var spec = new NormalizerSpec();
        while (reader.NextField())
        {
            spec = reader.Field switch
            {
                1 => spec with { Name = Encoding.UTF8.GetString(reader.Bytes()) },
                2 => spec with { HasCharacterMap = reader.Bytes().Length > 0 },
                3 => spec with { DummyPrefix = reader.Integer() != 0 },
                4 => spec with { CollapseSpaces = reader.Integer() != 0 },
                5 => spec with { EscapeSpaces = reader.Integer() != 0 },
                _ => spec,
            };
        }

        return spec;
    }

    // Defaults are those of the .proto.
    private sealed record TrainerSpec(long ModelType = 1, long Unknown = 0, long Bos = 1, long Eos = 2, long Pad = -1);

    private sealed record NormalizerSpec(
        string Name = "", bool HasCharacterMap = false, bool DummyPrefix = true, bool CollapseSpaces = true, bool EscapeSpaces = true);
}
