using System.Globalization;
using System.Text;

namespace Crescent.Engine.Synthesis.Tokenizers;

/// <summary>tiktoken's rank file: <c>base64(bytes) SPACE rank</c> a line, of the words alone.</summary>
internal static class RankFile
{
    public static byte[] Write(SynthVocabulary vocabulary)
    {
        // GPT-2 spells printable bytes as themselves, the others in order from U+0100.
        var unprintable = Enumerable.Range(0, 256).Select(value => (char)value).Except(SynthWords.ByteSymbols()).ToArray();
        var file = new StringBuilder();
        for (var id = 0; id < vocabulary.Count && vocabulary.Types[id] == SynthVocabulary.Normal; id++)
        {
            byte[] piece = [.. vocabulary.Tokens[id].Select(symbol => (byte)(symbol < 256 ? symbol : unprintable[symbol - 256]))];
            file.Append(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(piece)} {id}\n");
        }

        return Encoding.ASCII.GetBytes(file.ToString());
    }
}
