using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>tiktoken's rank files: <c>base64(bytes) SPACE rank</c> a line.</summary>
internal static class RankFileLoader
{
    public static bool LooksRight(ReadOnlySpan<byte> bytes)
    {
        var line = bytes[..Math.Min(bytes.Length, 4096)];
        var end = line.IndexOf((byte)'\n');
        line = (end < 0 ? line : line[..end]).TrimEnd((byte)'\r');
        var space = line.IndexOf((byte)' ');
        return space > 0 && !line[..space].ContainsAnyExcept(s_base64) && line[(space + 1)..] is { IsEmpty: false } rank
            && !rank.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }

    private static readonly SearchValues<byte> s_base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    public static Tokenizer Load(byte[] bytes, string where, string? pre, TokenizerConfig config)
    {
        var ranks = ReadRanks(bytes, where);
        var family = pre is null ? RankFamily.Find(Convert.ToHexStringLower(SHA256.HashData(bytes)), ranks.Count, config, where) : RankFamily.ByName(pre);
        var names = Names(family, ranks, config, where);
        var tokens = new TokenEntry[Math.Max(ranks.Count, names.Count == 0 ? 0 : names.Keys.Max() + 1)];
        for (var id = 0; id < tokens.Length; id++)
        {
            tokens[id] = names.TryGetValue(id, out var name) ? new TokenEntry(Encoding.UTF8.GetBytes(name), TokenKind.Control)
                : id < ranks.Count && ranks[id] is { } piece ? new TokenEntry(piece, TokenKind.Normal)
                : new TokenEntry([], TokenKind.Unused);
        }

        var vocabulary = new Vocabulary(tokens);
        return new TiktokenTokenizer(
            vocabulary, Special(vocabulary, family, config), family.Splitter, new TokenRanks(vocabulary.Pieces),
            wholePieceFirst: true, normalize: family.Normalize);
    }

    // The family's names, except where the config names tokens; where it names the first of them, its list is the whole list.
    private static Dictionary<int, string> Names(RankFamily family, List<byte[]?> ranks, TokenizerConfig config, string where)
    {
        var added = config.Added.Where(token => token.Key >= ranks.Count || ranks[token.Key] is null).ToDictionary(token => token.Key, token => token.Value.Content);
        if (added.Keys.Where(id => id > ranks.Count + TokenizerConfig.MostAdded).Cast<int?>().Max() is { } outside)
        {
            throw new TokenizerException($"{where} has {ranks.Count} ranks, but tokenizer_config.json names id {outside}");
        }

        var names = family.SpecialNames(ranks.Count).ToDictionary(token => token.Id, token => token.Name);
        var isWhole = names.Count > 0 && added.ContainsKey(names.Keys.Min());
        var taken = added.Values.ToHashSet(StringComparer.Ordinal);
        foreach (var (id, name) in names)
        {
            if (isWhole || taken.Contains(name))
            {
                names[id] = $"<|reserved_token_{id}|>";
            }
        }

        foreach (var (id, name) in added)
        {
            names[id] = name;
        }

        return names;
    }

    private static SpecialTokens Special(Vocabulary vocabulary, RankFamily family, TokenizerConfig config)
    {
        int? Find(string? name, string? fallback) =>
            (name is null ? null : vocabulary.FindControl(name)) ?? (fallback is null ? null : vocabulary.FindControl(fallback));
        return new SpecialTokens
        {
            Bos = Find(config.Bos, family.Bos) ?? config.BosId,
            Eos = Find(config.Eos, family.Eos) ?? config.StopIds.Cast<int?>().FirstOrDefault(),
            Eot = Find(null, family.Eot),
            Pad = Find(config.Pad, family.Pad) ?? config.PadId,
            Unknown = Find(config.Unknown, family.Unknown),
            AddBos = config.AddBos ?? family.AddBos,
            AddEos = config.AddEos ?? false,
            Stops = config.StopIds,
        };
    }

    // The bytes of each rank; null where a file leaves one out.
    private static List<byte[]?> ReadRanks(ReadOnlySpan<byte> bytes, string where)
    {
        // A rank beyond this would make a small file take much memory.
        var most = 2L * bytes.Count((byte)'\n') + 65536;
        var ranks = new List<byte[]?>();
        for (var line = 1; !bytes.IsEmpty; line++)
        {
            var end = bytes.IndexOf((byte)'\n');
            var text = (end < 0 ? bytes : bytes[..end]).TrimEnd((byte)'\r');
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (text.IsEmpty)
            {
                continue;
            }

            var space = text.IndexOf((byte)' ');
            if (space <= 0 || !Utf8Parser.TryParse(text[(space + 1)..], out int rank, out var used) || used != text.Length - space - 1)
            {
                throw new TokenizerException($"{where}, line {line}: expected base64, a space and a rank");
            }

            var piece = new byte[Base64.GetMaxDecodedFromUtf8Length(space)];
            if (Base64.DecodeFromUtf8(text[..space], piece, out _, out var length) != OperationStatus.Done || length == 0)
            {
                throw new TokenizerException($"{where}, line {line}: the token is not base64");
            }

            if (rank < 0 || rank > most)
            {
                throw new TokenizerException($"{where}, line {line}: rank {rank}, expected 0 to {most}");
            }

            while (ranks.Count <= rank)
            {
                ranks.Add(null);
            }

            ranks[rank] = ranks[rank] is null
                ? piece[..length]
                : throw new TokenizerException($"{where}, line {line}: rank {rank} appears twice");
        }

        return ranks;
    }
}
