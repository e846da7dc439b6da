using System.Text;

namespace Crescent.Text.Tests.Support;

/// <summary>Seeded random texts that lean on what tokenizers get wrong: runs, cases, scripts, marks, odd spaces, half markers.</summary>
internal static class Samples
{
    private static readonly string[] s_parts =
    [
        "a", "A", "the", "The", "HTTPServer", "camelCase", " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", "\u00A0", "\u3000", "\u2028",
        "'s", "'LL", "'\u017F", "don't", "1", "12", "1234567", "\u0663", "\u2167", "!", "...", "<|", "|>", "<|im_end|>", "/", "\\",
        "你好", "世界", "々", "〇", "かな", "カ・カ", "한국어", "ไทย", "العربية", "हिन्दी", "e\u0301", "\u0301", "é", "Å", "ǅ", "ʰ",
        "𠀀", "𝒜", "𐐀", "😊", "🏃‍♂️", "\u200B", "\u0000", "\u0001", "\uE000", "\u0378", "Ω", "½", "_", "-", "@#$%", "\uFFFD",
    ];

    public static string Text(Random random, int parts)
    {
        var text = new StringBuilder();
        for (var i = 0; i < parts; i++)
        {
            text.Append(s_parts[random.Next(s_parts.Length)]);
        }

        return text.ToString();
    }

    public static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
