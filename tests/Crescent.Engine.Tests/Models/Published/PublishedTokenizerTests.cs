using System.Text.Json;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Reference.Tiny;
using Crescent.Text.Tokenizers;
using Xunit;

namespace Crescent.Tests.Models.Published;

/// <summary>The tokenizer and the sampling settings that stand beside published weights.</summary>
public sealed class PublishedTokenizerTests
{
    private const int Vectors = 60;

    [Fact]
    public void Kimi_K2_brings_its_rank_file()
    {
        using var folder = new TemporaryFolder();
        LatentModels.KimiK2Thinking.Write(folder.Path);
        File.Copy(SharedData.Path("kimi-k2", "tiktoken.model"), folder.File("tiktoken.model"));
        File.WriteAllText(folder.File("generation_config.json"), """{"max_length": 262144, "eos_token_id": 163586}""");
        using var checkpoint = Checkpoint.Open(folder.Path);
        var tokenizer = checkpoint.ReadTokenizer(checkpoint.Metadata);
        AssertEncodes(tokenizer, SharedData.Path("kimi-k2", "vectors-plain.jsonl"));
        Assert.Contains(163586, tokenizer.StopIds);
        Assert.Equal([163587, 2482, 163601, 18699, 163586], tokenizer.Encode("<|im_user|>user<|im_middle|>Hi<|im_end|>", parseSpecial: true));
        Assert.Equal((1f, "Kimi K2 Thinking's card"), (SamplingDefaults.For(checkpoint.Metadata).Options.Temperature, SamplingDefaults.For(checkpoint.Metadata).Source));
    }

    [Fact]
    public void Qwen_brings_its_tokenizer_json()
    {
        using var folder = new TemporaryFolder();
        PlainModels.Qwen3.Write(folder.Path);
        foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(SharedData.Path("qwen3", file), folder.File(file));
        }

        using var checkpoint = Checkpoint.Open(folder.Path);
        var tokenizer = checkpoint.ReadTokenizer(checkpoint.Metadata);
        Assert.Equal("Hello world, 你好", tokenizer.DecodeText(tokenizer.Encode("Hello world, 你好")));
        Assert.Contains(151645, tokenizer.StopIds);
    }

    [Theory]
    [InlineData("ckpt-0/tokenizer.model")]
    [InlineData("tokenizer.model")]
    public void Grok_1_brings_its_model_in_or_beside_its_folder(string place)
    {
        using var folder = new TemporaryFolder();
        TinyGrok1.Write(Directory.CreateDirectory(folder.File("ckpt-0")).FullName);
        File.Copy(SharedData.Path("grok-1", "tokenizer.model"), folder.File(place));
        foreach (var path in new[] { folder.Path, folder.File("ckpt-0") })
        {
            using var checkpoint = Checkpoint.Open(path);
            AssertEncodes(checkpoint.ReadTokenizer(checkpoint.Metadata), SharedData.Path("grok-1", "vectors.jsonl"));
        }
    }

    [Fact]
    public void Weights_without_a_tokenizer_or_with_a_broken_one_are_an_error_of_one_line()
    {
        foreach (var name in new[] { "llama-3.1", PublishedModels.Grok1Pickles })
        {
            using var bare = Checkpoint.Open(PublishedModels.FolderOf(name));
            AssertRefused(bare);
        }

        using var folder = new TemporaryFolder();
        PlainModels.Llama31.Write(folder.Path);
        using var checkpoint = Checkpoint.Open(folder.Path);
        foreach (var (file, text) in new[] { ("tokenizer.json", "{\"model\": {\"type\": \"\\u001b[2J\\n\"}}"), ("tokenizer.json", "{"), ("tokenizer.json", "{\"model\": {\"type\": \"\\ud800\"}}"), ("tiktoken.model", "no ranks"), ("tokenizer.model", "\u000Aa") })
        {
            File.WriteAllText(folder.File(file), text);
            AssertRefused(checkpoint);
            File.Delete(folder.File(file));
        }
    }

    [Fact]
    public void Sampling_is_what_the_folder_says_over_what_is_known_of_the_model()
    {
        var sampling = Sampling(PlainModels.Qwen3, """{"do_sample": true, "temperature": 0.7, "top_k": 20, "top_p": 0.8, "repetition_penalty": 1.05, "min_p": null}""");
        Assert.Equal(
            (0.7f, 20, 0.8f, 0f, 1.05f),
            (sampling.Options.Temperature, sampling.Options.TopK, sampling.Options.TopP, sampling.Options.MinP, sampling.Options.RepetitionPenalty));
        Assert.StartsWith("general.sampling.* of the file, the rest ", sampling.Source, StringComparison.Ordinal);

        Assert.Equal(0, Sampling(PlainModels.Qwen3, """{"top_k": -1}""").Options.TopK);
        Assert.Equal("Qwen3's card, thinking", Sampling(PlainModels.Qwen3, """{"bos_token_id": 1}""").Source);
        Assert.Equal("Kimi K2 Instruct's card", Sampling(LatentModels.KimiK2Float8, "{}").Source);
        Assert.Equal("gpt-oss's card", Sampling(GptOssModels.Model, "{}").Source);
    }

    [Theory]
    [InlineData("""{"temperature": -1}""", "'temperature': expected a number in 0..100, found -1")]
    [InlineData("""{"temperature": "hot"}""", "'temperature': expected a finite number, found \"hot\"")]
    [InlineData("""{"top_p": 1.5}""", "'top_p': expected a number in 0..1, found 1.5")]
    [InlineData("""{"top_k": -2}""", "'top_k': expected an integer in -1..2147483647, found -2")]
    [InlineData("""{"repetition_penalty": 0}""", "'repetition_penalty': expected a number in 0.01..100, found 0")]
    [InlineData("[]", "expected a JSON object, found an array")]
    public void Sampling_that_cannot_be_meant_is_refused(string generation, string message)
    {
        var exception = Assert.Throws<CheckpointException>(() => Sampling(PlainModels.Qwen3, generation));
        Assert.Contains("generation_config.json", exception.Message, StringComparison.Ordinal);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    private static SamplingDefaults Sampling(PublishedModel model, string generation)
    {
        using var folder = new TemporaryFolder();
        model.Write(folder.Path);
        File.WriteAllText(folder.File("generation_config.json"), generation);
        using var checkpoint = Checkpoint.Open(folder.Path);
        return SamplingDefaults.For(checkpoint.Metadata);
    }

    private static void AssertEncodes(Tokenizer tokenizer, string vectors)
    {
        var compared = 0;
        foreach (var line in File.ReadLines(vectors).Take(Vectors))
        {
            using var vector = JsonDocument.Parse(line);
            int[] expected = [.. vector.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Encode(vector.RootElement.GetProperty("text").GetString()!));
            compared++;
        }

        Assert.True(compared > 10);
    }

    private static void AssertRefused(Checkpoint checkpoint)
    {
        var exception = Assert.Throws<CheckpointException>(() => checkpoint.ReadTokenizer(checkpoint.Metadata));
        Assert.False(string.IsNullOrWhiteSpace(exception.Message));
        Assert.DoesNotContain(exception.Message, char.IsControl);
    }
}
