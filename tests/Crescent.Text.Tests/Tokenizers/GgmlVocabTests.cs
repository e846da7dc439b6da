using Crescent.Tests;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Tokenizers;

/// <summary>llama.cpp's own vocabulary tests: texts apart by a line, a line of ids each.</summary>
public class GgmlVocabTests
{
    [Theory]
    [InlineData("gpt-2", "gpt-2")]
    [InlineData("deepseek-coder", "deepseek-coder")]
    [InlineData("deepseek-llm", "deepseek-llm")]
    [InlineData("llama-spm", "llama-spm")]
    [InlineData("qwen2", "qwen3")]
    [InlineData("deepseek-r1-qwen", "qwen3")]
    public void Every_text_encodes_to_its_ids(string vectors, string name)
    {
        var tokenizer = Loaded.Get(name);
        var texts = File.ReadAllText(SharedData.Path("ggml-vocab", $"ggml-vocab-{vectors}.gguf.inp")).Split("\n__ggml_vocab_test__\n");
        var lines = File.ReadAllText(SharedData.Path("ggml-vocab", $"ggml-vocab-{vectors}.gguf.out")).Split('\n');
        Assert.Equal(lines.Length, texts.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            int[] expected = [.. lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
            Assert.Equal(expected, tokenizer.Encode(texts[i]));
            Assert.Equal(texts[i], tokenizer.DecodeText(expected));
        }
    }

    [Fact]
    public void Every_text_encodes_to_its_ids_for_llama_bpe() =>
        Assert.Skip("Meta's Llama 3 vocabulary is not in the shared data, because of its licence");
}
