using System.Text;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class SymbolListTests
{
    [Fact]
    public void Heap_and_scan_merge_as_the_plain_definition_does()
    {
        // Few letters and many overlapping tokens make ties and chains likely.
        var random = new Random(5);
        for (var round = 0; round < 100; round++)
        {
            var tokens = new List<string> { "a", "b", "c" };
            for (var i = 0; i < 30; i++)
            {
                var joined = tokens[random.Next(tokens.Count)] + tokens[random.Next(tokens.Count)];
                if (joined.Length < 9 && !tokens.Contains(joined))
                {
                    tokens.Add(joined);
                }
            }

            var vocabulary = new Vocabulary([.. tokens.Select(token => new TokenEntry(Encoding.UTF8.GetBytes(token), TokenKind.Normal))]);
            int[]? ranks = round % 2 == 0 ? null : [.. tokens.Select(_ => random.Next(5))];
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 200)).Select(_ => (char)('a' + random.Next(3))));
            Assert.Equal(Plain(text, tokens, ranks), Merge(text, vocabulary, ranks));
        }
    }

    private static List<string> Merge(string text, Vocabulary vocabulary, int[]? ranks)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var symbols = new SymbolList();
        for (var i = 0; i < bytes.Length; i++)
        {
            symbols.Add(i, i + 1, vocabulary.Pieces.Find(bytes.AsSpan(i, 1)));
        }

        symbols.Merge(bytes, new TokenRanks(vocabulary.Pieces, ranks));
        var result = new List<string>();
        for (var index = 0; index >= 0;)
        {
            var id = symbols.Read(ref index, out var start, out var end);
            Assert.Equal(text[start..end], Encoding.UTF8.GetString(vocabulary.Bytes(id)));
            result.Add(text[start..end]);
        }

        return result;
    }

    private static List<string> Plain(string text, List<string> tokens, int[]? ranks)
    {
        var parts = text.Select(letter => letter.ToString()).ToList();
        while (true)
        {
            int best = -1, lowest = int.MaxValue;
            for (var i = 0; i + 1 < parts.Count; i++)
            {
                var id = tokens.IndexOf(parts[i] + parts[i + 1]);
                var rank = id < 0 ? int.MaxValue : ranks is null ? id : ranks[id];
                if (rank < lowest)
                {
                    (best, lowest) = (i, rank);
                }
            }

            if (best < 0)
            {
                return parts;
            }

            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }
}
