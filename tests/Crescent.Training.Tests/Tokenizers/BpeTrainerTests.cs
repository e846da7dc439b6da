using System.Text;
using Crescent.Tests;
using Crescent.Text.Tokenizers;
using Crescent.Text.Tokenizers.Training;
using Crescent.Training.Data;
using Xunit;

namespace Crescent.Training.Tests.Tokenizers;

public sealed class BpeTrainerTests
{
    [Fact]
    public void The_most_frequent_pair_comes_first_and_ties_go_to_lower_ranks()
    {
        // "abab" and "cd": ab 6 times, then abab 3 times; ba is gone with them.
        var trainer = new BpeTrainer();
        trainer.Add("abab\nabab\nabab\ncd\ncd"u8);
        var tokens = trainer.Train(260).Skip(256).Select(Encoding.ASCII.GetString).ToArray();
        Assert.Equal(["ab", "abab", "cd"], tokens);
    }

    [Fact]
    public void Learnt_merges_are_those_of_counting_everything_again_for_each()
    {
        const string Text = "the cat sat on the mat, the other cat that sat there sang; l'été là-bas, les bateaux rentrent à la rive et les enfants chantent aaaa aaaaaa aaa";
        var trainer = new BpeTrainer();
        trainer.Add(Encoding.UTF8.GetBytes(Text));
        var found = trainer.Train(300).Skip(256).ToArray();
        var expected = Reference(Text, 300 - 256);
        Assert.True(found.Length > 20);
        Assert.Equal(expected.Take(found.Length).Select(Convert.ToHexString), found.Select(Convert.ToHexString));
    }

    [Fact]
    public void The_product_reads_the_trained_files_and_every_text_comes_back()
    {
        var corpora = SharedData.Path("corpora");
        var trainer = new BpeTrainer();
        var english = CorpusFile.ReadText(corpora, "tinystories-sample.txt")[..200_000];
        var french = string.Join('\n', CorpusFile.ReadLines(corpora, "tatoeba-eng-fra.tsv").Take(4000));
        trainer.Add(Encoding.UTF8.GetBytes(english));
        trainer.Add(Encoding.UTF8.GetBytes(french));
        var tokens = trainer.Train(1024);
        Assert.Equal(1024, tokens.Count);
        var folder = Path.Combine(Path.GetTempPath(), $"crescent-tokenizer-{Guid.NewGuid():N}");
        try
        {
            RankFileWriter.Write(folder, tokens);
            var tokenizer = TokenizerFactory.FromPath(folder, "kimi-k2");
            Assert.Equal(1024 + RankFileWriter.ControlTokens, tokenizer.VocabularySize);
            Assert.Equal(1024 + 2, tokenizer.FindControl("<|im_end|>"));
            Assert.Equal(1024 + 11, tokenizer.FindMarker("<|tool_calls_section_begin|>"));
            foreach (var text in new[] { english[..5000], french[..5000], "zzz 日本語 \0 <|im_end|> 12345678" })
            {
                var ids = tokenizer.Encode(text);
                Assert.Equal(text, tokenizer.DecodeText(ids));
                Assert.All(ids, id => Assert.InRange(id, 0, 1023));
            }

            Assert.True(tokenizer.Encode(english[..20000]).Length < 20000 / 2.5, "expected at least 2.5 bytes a token on its own text");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Words by a plain rule that gives the same pieces for this text's letters: counts of all pairs, again for each merge.
    private static List<byte[]> Reference(string text, int merges)
    {
        var trainer = PieceSplit(text).GroupBy(piece => piece).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (Parts: Encoding.Latin1.GetBytes(group.Key).Select(value => (int)value).ToList(), Count: group.Count())).ToList();
        var tokens = Enumerable.Range(0, 256).Select(value => new[] { (byte)value }).ToList();
        for (var merge = 0; merge < merges; merge++)
        {
            var counts = new Dictionary<(int, int), int>();
            foreach (var (parts, count) in trainer)
            {
                for (var i = 0; i + 1 < parts.Count; i++)
                {
                    counts[(parts[i], parts[i + 1])] = counts.GetValueOrDefault((parts[i], parts[i + 1])) + count;
                }
            }

            var best = counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).FirstOrDefault();
            if (best.Value < 2)
            {
                break;
            }

            tokens.Add([.. tokens[best.Key.Item1], .. tokens[best.Key.Item2]]);
            foreach (var (parts, _) in trainer)
            {
                for (var i = 0; i + 1 < parts.Count; i++)
                {
                    if ((parts[i], parts[i + 1]) == best.Key)
                    {
                        parts[i] = tokens.Count - 1;
                        parts.RemoveAt(i + 1);
                    }
                }
            }
        }

        return tokens[256..];
    }

    // Letters with one other character before them that is no letter; what is left alone.
    private static IEnumerable<string> PieceSplit(string text) => System.Text.RegularExpressions.Regex.Matches(text, @"[^\r\n\p{L}\p{N}]?\p{L}+|[^\s\p{L}\p{N}]+|\s+")
        .Select(match => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(match.Value)));
}
