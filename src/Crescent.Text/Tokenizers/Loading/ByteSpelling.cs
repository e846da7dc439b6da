using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>GPT-2's spelling of bytes as printable characters, used by byte-level vocabularies in JSON and GGUF.</summary>
internal static class ByteSpelling
{
    private static readonly char[] s_characters = new char[256];
    private static readonly short[] s_bytes = new short[512];

    // Printable Latin-1 stands for itself; the other bytes, in order, for U+0100 and on.
    static ByteSpelling()
    {
        Array.Fill(s_bytes, (short)-1);
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var character = value is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174) ? value : next++;
            s_characters[value] = (char)character;
            s_bytes[character] = (short)value;
        }
    }

    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            text.Append(s_characters[value]);
        }

        return text.ToString();
    }

    /// <summary>The bytes a token spells; a token with other characters stands for its own UTF-8.</summary>
    public static byte[] Read(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (token[i] >= s_bytes.Length || s_bytes[token[i]] < 0)
            {
                return Encoding.UTF8.GetBytes(token);
            }

            bytes[i] = (byte)s_bytes[token[i]];
        }

        return bytes;
    }
}
