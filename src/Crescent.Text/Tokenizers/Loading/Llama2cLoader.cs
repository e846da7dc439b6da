using System.Buffers.Binary;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// llama2.c's <c>tokenizer.bin</c>: int32 longest token, then for each token float32 score, int32 length, bytes (karpathy/llama2.c,
/// tokenizer.py). Ids 0 to 2 are unknown, BOS and EOS, set apart by newlines; spaces are spelled as spaces.
/// </summary>
internal static class Llama2cLoader
{
    public static bool LooksRight(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 12 && BinaryPrimitives.ReadInt32LittleEndian(bytes) is > 0 and < 4096
        && BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) is >= 0 and < 4096;

    public static Tokenizer Load(ReadOnlySpan<byte> bytes, string where)
    {
        var tokens = new List<TokenEntry>();
        for (var position = 4; position < bytes.Length;)
        {
            if (bytes.Length - position < 8)
            {
                throw new TokenizerException($"{where}: token {tokens.Count} at byte {position} needs 8 bytes, {bytes.Length - position} are left");
            }

            var score = BinaryPrimitives.ReadSingleLittleEndian(bytes[position..]);
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[(position + 4)..]);
            position += 8;
            if (length < 0 || length > bytes.Length - position || float.IsNaN(score))
            {
                throw new TokenizerException(
                    $"{where}: token {tokens.Count} at byte {position} has length {length} and score {score}, {bytes.Length - position} bytes are left");
            }

            tokens.Add(Entry(bytes.Slice(position, length), tokens.Count, score));
            position += length;
        }

        // A pad id is what some files have in place of an unknown piece; only the roles by place are known.
        return SentencePieceLoader.Create(
            tokens,
            new SpecialTokens { Bos = 1, Eos = 2, Unknown = 0, AddBos = true },
            new SentencePieceOptions { EscapeSpaces = false });
    }

    private static TokenEntry Entry(ReadOnlySpan<byte> bytes, int id, float score) => id switch
    {
        0 => new TokenEntry(bytes.ToArray(), TokenKind.Unknown, score),
        1 or 2 => new TokenEntry(bytes.Trim((byte)'\n').ToArray(), TokenKind.Control, score),
        _ when bytes.Length == 6 && bytes.StartsWith("<0x"u8) && bytes[5] == '>' => new TokenEntry(bytes.ToArray(), TokenKind.Byte, score),
        _ => new TokenEntry(bytes.ToArray(), TokenKind.Normal, score),
    };
}
