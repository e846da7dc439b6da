using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Conversion;

/// <summary>Tokenizers and chat templates of folders on their way to GGUF.</summary>
public sealed class VocabularyConversionTests
{
    private static readonly ConversionOptions s_options = Conversions.Plain with { WithoutTokenizer = false };

    [Fact]
    public void A_folders_tokenizer_becomes_the_golden_files()
    {
        using var published = PublishedGolden.Write("g-deepseek-v2-lite");
        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), published.File("tokenizer.bin"));
        Conversions.Convert(published.Path, published.File("converted.gguf"), s_options);
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        using var golden = Checkpoint.Open(TestModels.PathOf("g-deepseek-v2-lite"));
        Assert.Equal("llama", converted.Metadata.GetString("tokenizer.ggml.model"));
        Assert.False(converted.Metadata.Contains("tokenizer.chat_template"));
        var (ours, theirs) = (converted.ReadTokenizer(converted.Metadata), golden.ReadTokenizer(golden.Metadata));
        Assert.Equal(512, ours.VocabularySize);
        foreach (var text in (string[])["Once upon a time, there was a little girl named Lily.", "  two spaces\n\tand a tab", "Grüße 🌙", ""])
        {
            Assert.Equal(theirs.Encode(text), ours.Encode(text));
        }

        Assert.Equal(theirs.BosId, ours.BosId);
    }

    [Theory]
    [InlineData("chat_template.jinja", "{{ messages }}", "{{ messages }}")]
    [InlineData("tokenizer_config.json", """{ "chat_template": "{{ a }}" }""", "{{ a }}")]
    [InlineData("tokenizer_config.json", """{ "chat_template": [ { "name": "tool_use", "template": "x" }, { "name": "default", "template": "{{ b }}" } ] }""", "{{ b }}")]
    [InlineData("tokenizer_config.json", """{ "chat_template": null }""", null)]
    public void The_chat_template_is_kept_as_text(string file, string text, string? expected)
    {
        using var published = PublishedGolden.Write("g-deepseek-v2-lite");
        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), published.File("tokenizer.bin"));
        File.WriteAllText(published.File(file), text);
        Conversions.Convert(published.Path, published.File("converted.gguf"), s_options);
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        Assert.Equal(expected, converted.Metadata.TryGetString("tokenizer.chat_template", out var template) ? template : null);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_told_and_may_do_without()
    {
        using var published = PublishedGolden.Write("g-deepseek-v2-lite");
        using var checkpoint = Checkpoint.Open(published.Path);
        var message = Assert.Throws<CheckpointException>(() => Conversions.Plan(checkpoint, published.File("never.gguf"), s_options)).Message;
        Assert.Contains("no tokenizer", message, StringComparison.Ordinal);
        Assert.Contains("--no-tokenizer", message, StringComparison.Ordinal);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        Assert.Equal("none", converted.Metadata.GetString("tokenizer.ggml.model"));
    }

    [Fact]
    public void A_tokenizer_larger_than_the_embedding_is_refused()
    {
        using var published = PublishedTiny.Write("tiny-qwen-3"); // 288 rows
        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), published.File("tokenizer.bin"));
        using var checkpoint = Checkpoint.Open(published.Path);
        var message = Assert.Throws<CheckpointException>(() => Conversions.Plan(checkpoint, published.File("never.gguf"), s_options)).Message;
        Assert.Contains("the tokenizer has 512 tokens, the embedding 288 rows", message, StringComparison.Ordinal);
    }
}
