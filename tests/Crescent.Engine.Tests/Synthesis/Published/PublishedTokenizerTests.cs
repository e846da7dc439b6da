using System.Text;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis.Published;
using Crescent.Engine.Synthesis.Tokenizers;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Crescent.Text.Tokenizers;
using Xunit;

namespace Crescent.Tests.Synthesis.Published;

/// <summary>A vocabulary gives the same ids from a release's files as from a GGUF file.</summary>
public sealed class PublishedTokenizerTests
{
    private const int Texts = 60;

    [Theory]
    [InlineData("kimi-k2")]
    [InlineData("moonlight")]
    [InlineData("deepseek-v3")]
    [InlineData("grok-1")]
    [InlineData("qwen3-30b-a3b")]
    [InlineData("gpt-oss-20b")]
    [InlineData("llama-3.2-1b")]
    [InlineData("tiny-kimi-k2")]
    [InlineData("tiny-kimi-linear")]
    [InlineData("tiny-deepseek-v3")]
    [InlineData("tiny-grok-1")]
    [InlineData("tiny-qwen3-30b-a3b")]
    [InlineData("tiny-gpt-oss-20b")]
    [InlineData("tiny-llama-3.2-1b")]
    public void Random_text_gets_the_same_ids(string name)
    {
        using var folder = new TemporaryFolder();
        var (expected, found) = Tokenizers(folder, name);
        var random = new Random(7);
        for (var i = 0; i < Texts; i++)
        {
            var text = Text(random, expected);
            Assert.Equal(expected.Encode(text), found.Encode(text));
            var ids = expected.Encode(text, parseSpecial: true);
            Assert.Equal(ids, found.Encode(text, parseSpecial: true));
            Assert.Equal(expected.DecodeText(ids, showSpecial: true), found.DecodeText(ids, showSpecial: true));
        }
    }

    [Theory]
    [InlineData("tiny-kimi-k2")]
    [InlineData("tiny-deepseek-v3")]
    [InlineData("tiny-grok-1")]
    [InlineData("tiny-qwen3-30b-a3b")]
    [InlineData("tiny-gpt-oss-20b")]
    [InlineData("tiny-llama-3.2-1b")]
    public void Roles_and_names_are_the_same(string name)
    {
        using var folder = new TemporaryFolder();
        var (expected, found) = Tokenizers(folder, name);
        Assert.Equal((expected.BosId, expected.EosId, expected.PadId, expected.AddBos, expected.AddEos), (found.BosId, found.EosId, found.PadId, found.AddBos, found.AddEos));
        Assert.Subset(found.StopIds.ToHashSet(), expected.StopIds.ToHashSet());
        for (var id = 0; id < found.VocabularySize; id++)
        {
            Assert.Equal((expected.TokenName(id), expected.IsControl(id)), (found.TokenName(id), found.IsControl(id)));
        }

        // What is left out is padding up to the embedding's rows.
        Assert.All(Enumerable.Range(found.VocabularySize, expected.VocabularySize - found.VocabularySize), id => Assert.StartsWith("[PAD", expected.TokenName(id), StringComparison.Ordinal));
    }

    private static (Tokenizer Gguf, Tokenizer Files) Tokenizers(TemporaryFolder folder, string name)
    {
        var shape = PublishedModels.Preset(name).Shape;
        var vocabulary = shape.Vocabulary();
        var writer = new GgufWriter();
        vocabulary.Write(writer);
        writer.Write(folder.File("vocab.gguf"), cancellationToken: TestContext.Current.CancellationToken);
        using var checkpoint = GgufCheckpoint.Open(folder.File("vocab.gguf"));
        var files = Directory.CreateDirectory(folder.File("model")).FullName;
        foreach (var (file, bytes) in TokenizerFiles.Of(vocabulary))
        {
            File.WriteAllBytes(Path.Combine(files, file), bytes);
        }

        File.WriteAllBytes(Path.Combine(files, "config.json"), ConfigFiles.Config(shape, DType.BF16, 1, vocabulary));
        File.WriteAllBytes(Path.Combine(files, "generation_config.json"), ConfigFiles.Generation(vocabulary));
        return (GgufTokenizer.Read(checkpoint.Metadata, checkpoint.Path), TokenizerFactory.FromPath(files));
    }

    // Words of the vocabulary, its markers, and what splitters tell apart.
    private static string Text(Random random, Tokenizer tokenizer)
    {
        string[] pieces =
        [
            " ", "  ", "\n", "\r\n\n", "\t", "1", "23", "4567890", "'s", "'LL", "!?", "…", "é", "e\u0301", "Ünï", "中文字", "かな", "한국", "🙂👩‍👩‍👧", "𝒜", "ABC", "McDonald", "/", "<", "\0", "\u00A0",
        ];
        var text = new StringBuilder();
        for (var i = 0; i < 40; i++)
        {
            text.Append(random.Next(3) switch
            {
                0 => pieces[random.Next(pieces.Length)],
                1 => tokenizer.TokenName(random.Next(tokenizer.VocabularySize)),
                _ => tokenizer.DecodeText([random.Next(tokenizer.VocabularySize)]),
            });
        }

        return text.ToString();
    }
}
