using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;
using Xunit;

namespace Crescent.Tests.Checkpoints;

public sealed class GgufCheckpointTests
{
    // Tensors, keys, values of all tensors, vocabulary: counted by a separate reader (Python's struct), not by this one.
    public static TheoryData<string, int, int, long, int> Files => new()
    {
        { "ggml-vocab/ggml-vocab-baichuan.gguf", 0, 18, 0, 64000 },
        { "ggml-vocab/ggml-vocab-deepseek-coder.gguf", 0, 25, 0, 32256 },
        { "ggml-vocab/ggml-vocab-deepseek-llm.gguf", 0, 23, 0, 102400 },
        { "ggml-vocab/ggml-vocab-gpt-2.gguf", 0, 16, 0, 50257 },
        { "ggml-vocab/ggml-vocab-llama-spm.gguf", 0, 22, 0, 32000 },
        { "golden-models/g-deepseek-v2-lite.gguf", 404, 35, 2167584, 512 },
        { "golden-models/g-deepseek-v3.gguf", 65, 38, 2193024, 512 },
        { "golden-models/g-grok.gguf", 39, 31, 2642560, 512 },
        { "golden-models/g-kimi-k2-legacy-kvb.gguf", 66, 38, 2316936, 512 },
        { "golden-models/g-kimi-k2-q4_0.gguf", 52, 42, 4444608, 512 },
        { "golden-models/g-kimi-k2.gguf", 70, 42, 2316936, 512 },
        { "golden-models/g-llama-tied-q.gguf", 20, 24, 1312000, 512 },
        { "golden-models/g-llama.gguf", 30, 24, 188864, 512 },
        { "golden-models/g-moonlight.gguf", 430, 35, 2167792, 512 },
        { "golden-models/g-qwen3moe-q.gguf", 27, 27, 4068864, 512 },
        { "golden-models/g-qwen3moe.gguf", 39, 27, 1563712, 512 },
        { "weights/stories260K/stories260K.gguf", 48, 19, 292800, 512 },
    };

    public static TheoryData<string> Goldens =>
        [.. Directory.GetFiles(SharedData.Path("golden-models"), "*.gguf").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Opens_with_the_counts_another_reader_found(string file, int tensors, int keys, long values, int vocab)
    {
        var path = SharedData.Path(file.Split('/'));
        using var checkpoint = GgufCheckpoint.Open(path);
        Assert.Equal(tensors, checkpoint.Tensors.Count);
        Assert.Equal(keys, checkpoint.Metadata.Count);
        Assert.Equal(values, checkpoint.Tensors.Values.Sum(tensor => tensor.Count));
        Assert.True(checkpoint.Metadata.TryGetArrayLength("tokenizer.ggml.tokens", out var length));
        Assert.Equal(vocab, length);
        Assert.True(checkpoint.Metadata.TryGetStringArray("tokenizer.ggml.tokens", out var tokens));
        Assert.Equal(vocab, tokens.Length);
        Assert.Equal(new FileInfo(path).Length, checkpoint.TotalBytes);
        Assert.Equal([path], checkpoint.Files);
        Assert.Equal(keys, checkpoint.Metadata.Describe().Count());
    }

    [Fact]
    public void A_shape_is_row_major_and_its_bytes_are_the_rows()
    {
        using var checkpoint = GgufCheckpoint.Open(SharedData.Path("golden-models", "g-qwen3moe-q.gguf"));
        var metadata = checkpoint.Metadata;
        var hidden = metadata.GetInt32("qwen3moe.embedding_length");
        var experts = metadata.GetInt32("qwen3moe.expert_count");
        var width = metadata.GetInt32("qwen3moe.expert_feed_forward_length");
        var tensor = checkpoint.Tensors["blk.0.ffn_down_exps.weight"];
        Assert.Equal([experts, hidden, width], tensor.Shape);
        Assert.Equal(tensor.DType.Layout().RowBytes(width) * experts * hidden, tensor.Bytes.Length);
        Assert.Equal(0, tensor.Offset % 32);
    }

    [Fact]
    public void Typed_getters_convert_widths_and_refuse_other_types()
    {
        using var checkpoint = GgufCheckpoint.Open(SharedData.Path("golden-models", "g-llama.gguf"));
        var metadata = checkpoint.Metadata;
        Assert.Equal("llama", metadata.GetString("general.architecture"));
        Assert.Equal(metadata.GetInt32("llama.block_count"), metadata.GetInt64("llama.block_count"));
        Assert.Equal(metadata.GetUInt32("llama.block_count"), metadata.GetSingle("llama.block_count"));
        Assert.InRange(metadata.GetSingle("llama.attention.layer_norm_rms_epsilon"), 1e-7f, 1e-3f);
        Assert.False(metadata.TryGetInt32("llama.no_such_key", out _));
        Assert.Contains("'llama.no_such_key': expected i32, found no such key", Message(() => (object)metadata.GetInt32("llama.no_such_key")), StringComparison.Ordinal);
        Assert.Contains("expected an integer, found str", Message(() => (object)metadata.GetInt32("general.architecture")), StringComparison.Ordinal);
        Assert.Contains("expected str, found arr[str] of 512", Message(() => metadata.GetString("tokenizer.ggml.tokens")), StringComparison.Ordinal);
        Assert.True(metadata.TryGetInt32Array("tokenizer.ggml.token_type", out var types));
        Assert.Equal([2, 3, 3, 6], types[..4]);
        Assert.True(metadata.TryGetSingleArray("tokenizer.ggml.scores", out var scores));
        Assert.Equal(512, scores.Length);
    }

    [Fact]
    public void Overrides_replace_and_add_values()
    {
        using var checkpoint = GgufCheckpoint.Open(SharedData.Path("golden-models", "g-llama.gguf"));
        var metadata = checkpoint.Metadata.With(new[]
        {
            "llama.block_count=int:7", "a.float=float:-1.5e-3", "a.bool=bool:true", "a.str=str:x=y:z",
        }.Select(GgufOverride.Parse));
        Assert.Equal(7u, metadata.GetUInt32("llama.block_count"));
        Assert.Equal(-1.5e-3, metadata.GetDouble("a.float"));
        Assert.True(metadata.GetBool("a.bool"));
        Assert.Equal("x=y:z", metadata.GetString("a.str"));
        Assert.Contains(("a.float", "f64", "-0.0015"), metadata.Describe());
        Assert.NotEqual(7u, checkpoint.Metadata.GetUInt32("llama.block_count"));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("key=int")]
    [InlineData("=int:3")]
    [InlineData("key=int:3.5")]
    [InlineData("key=float:many")]
    [InlineData("key=bool:1")]
    [InlineData("key=long:3")]
    public void A_malformed_override_is_refused(string text) => Assert.Contains(text, Assert.Throws<FormatException>(() => GgufOverride.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("", "an empty file")]
    [InlineData("GG", "bytes 4747")]
    [InlineData("PK\u0003\u0004abcdef", "zip archive")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid", "git-lfs pointer")]
    [InlineData("<!DOCTYPE html><html>", "HTML page")]
    [InlineData("\n <HTML><body>", "HTML page")]
    [InlineData("{\"error\":1}", "JSON document")]
    [InlineData("\u0010\0\0\0\0\0\0\0{\"a\":{}}        ", "safetensors")]
    [InlineData("lmgg\u0001\0\0\0", "GGML file from before GGUF")]
    [InlineData("FUGG\u0001\0\0\0", "byte-swapped")]
    [InlineData("\0\0\0\0\0\0\0\0\0", "zero bytes")]
    [InlineData("GGUF", "version")]
    [InlineData("GGUF\u0001\0\0\0", "version 1")]
    [InlineData("GGUF\0\0\0\u0003aaaaaaaaaaaaaaaa", "big-endian")]
    [InlineData("GGUF\u0004\0\0\0", "version 4")]
    [InlineData("GGUF\u0003\0\0\0", "number of tensors")]
    public void A_file_that_is_no_model_is_named_for_what_it_is(string content, string expected) =>
        Assert.Contains(expected, OpenBytes(Encoding.Latin1.GetBytes(content)), StringComparison.Ordinal);

    [Fact]
    public void A_pickle_is_named() => Assert.Contains("pickle", OpenBytes([0x80, 4, 0x95, 1, 2, 3]), StringComparison.Ordinal);

    [Fact]
    public void A_folder_and_a_missing_path_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("found a folder", Message(() => GgufCheckpoint.Open(folder.Path)), StringComparison.Ordinal);
        Assert.Contains("no such file", Message(() => GgufCheckpoint.Open(folder.File("none.gguf"))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_checkpoint_refuses_to_decode()
    {
        var checkpoint = GgufCheckpoint.Open(SharedData.Path("golden-models", "g-llama.gguf"));
        checkpoint.Dispose();
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Metadata.GetString("general.architecture"));
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Metadata.TryGetStringArray("tokenizer.ggml.tokens", out _));
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Every_truncation_of_the_header_is_an_error(string golden)
    {
        var original = File.ReadAllBytes(SharedData.Path("golden-models", golden));
        using var folder = new TemporaryFolder();
        var path = folder.File("model.gguf");
        for (var length = 0; length < 4000; length += 61)
        {
            File.WriteAllBytes(path, original[..length]);
            Assert.Throws<CheckpointException>(() => GgufCheckpoint.Open(path));
        }

        File.WriteAllBytes(path, original[..^32]);
        Assert.Contains("is the download complete?", Message(() => GgufCheckpoint.Open(path)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void A_corrupt_file_opens_or_is_a_checkpoint_error(string golden)
    {
        const int Seeds = 100;
        const long MostBytes = 200_000_000;
        var original = File.ReadAllBytes(SharedData.Path("golden-models", golden));
        using var folder = new TemporaryFolder();
        var path = folder.File("model.gguf");
        var opened = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            File.WriteAllBytes(path, Corruption.Corrupt(original, seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var checkpoint = GgufCheckpoint.Open(path);
                UseEverything(checkpoint);
                opened++;
            }
            catch (CheckpointException exception)
            {
                Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes + original.Length);
        }

        // Damage that misses the header leaves a file that opens; the rest must have been refused.
        Assert.InRange(opened, 1, Seeds - 1);
    }

    private static void UseEverything(GgufCheckpoint checkpoint)
    {
        foreach (var (key, _, _) in checkpoint.Metadata.Describe())
        {
            checkpoint.Metadata.TryGetType(key, out var type, out var element);
            if (type == GgufValueType.Array && element == GgufValueType.Str)
            {
                checkpoint.Metadata.TryGetStringArray(key, out _);
                checkpoint.Metadata.TryGetByteStringArray(key, out _);
            }
        }

        foreach (var tensor in checkpoint.Tensors.Values)
        {
            _ = tensor.Bytes.Span(0, 1)[0] + tensor.Bytes.Span(tensor.Bytes.Length - 1, 1)[0];
        }
    }

    private static string OpenBytes(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.gguf");
        File.WriteAllBytes(path, bytes);
        return Message(() => GgufCheckpoint.Open(path));
    }

    private static string Message(Func<object?> action) => Assert.Throws<CheckpointException>(() => { action(); }).Message;
}
