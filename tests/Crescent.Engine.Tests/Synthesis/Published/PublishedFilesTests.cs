using System.Text.Json;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Engine.Synthesis;
using Crescent.Engine.Synthesis.Published;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Synthesis.Published;

/// <summary>The files of published forms: names and shapes of the real releases, and how a folder comes and goes.</summary>
public sealed class PublishedFilesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("tiny-kimi-k2", SynthFormat.Safetensors)]
    [InlineData("tiny-kimi-k2-thinking", SynthFormat.Safetensors)]
    [InlineData("tiny-kimi-linear", SynthFormat.Safetensors)]
    [InlineData("tiny-gpt-oss-20b", SynthFormat.Safetensors)]
    [InlineData("tiny-llama-3.2-1b", SynthFormat.Safetensors)]
    [InlineData("tiny-grok-1", SynthFormat.Grok)]
    public void The_same_seed_gives_the_same_bytes_on_any_number_of_threads(string name, SynthFormat format)
    {
        using var folder = new TemporaryFolder();
        var options = new SynthOptions { Format = format, Layers = 2, Seed = 3, SplitBytes = 1 << 20 };
        foreach (var threads in (int[])[1, 5])
        {
            SynthModel.Write(PublishedModels.Preset(name), options with { Threads = threads }, folder.File($"{threads}"), cancellationToken: Cancellation);
        }

        var files = Files(folder.File("1"));
        Assert.Equal(files, Files(folder.File("5")));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("1"), file)), File.ReadAllBytes(Path.Combine(folder.File("5"), file))));
    }

    // Reference models.md 3.2 to 3.4: Kimi K2's names, shapes and types.
    [Theory]
    [InlineData("kimi-k2", "model.embed_tokens.weight", SafetensorsType.BF16, new long[] { 163840, 7168 })]
    [InlineData("kimi-k2", "lm_head.weight", SafetensorsType.BF16, new long[] { 163840, 7168 })]
    [InlineData("kimi-k2", "model.layers.60.self_attn.q_a_proj.weight", SafetensorsType.F8_E4M3, new long[] { 1536, 7168 })]
    [InlineData("kimi-k2", "model.layers.0.self_attn.q_b_proj.weight", SafetensorsType.F8_E4M3, new long[] { 12288, 1536 })]
    [InlineData("kimi-k2", "model.layers.0.self_attn.kv_a_proj_with_mqa.weight_scale_inv", SafetensorsType.F32, new long[] { 5, 56 })]
    [InlineData("kimi-k2", "model.layers.0.self_attn.kv_a_layernorm.weight", SafetensorsType.BF16, new long[] { 512 })]
    [InlineData("kimi-k2", "model.layers.0.self_attn.kv_b_proj.weight", SafetensorsType.F8_E4M3, new long[] { 16384, 512 })]
    [InlineData("kimi-k2", "model.layers.0.self_attn.o_proj.weight", SafetensorsType.F8_E4M3, new long[] { 7168, 8192 })]
    [InlineData("kimi-k2", "model.layers.0.mlp.gate_proj.weight", SafetensorsType.F8_E4M3, new long[] { 18432, 7168 })]
    [InlineData("kimi-k2", "model.layers.1.mlp.gate.weight", SafetensorsType.BF16, new long[] { 384, 7168 })]
    [InlineData("kimi-k2", "model.layers.1.mlp.gate.e_score_correction_bias", SafetensorsType.F32, new long[] { 384 })]
    [InlineData("kimi-k2", "model.layers.1.mlp.experts.383.down_proj.weight", SafetensorsType.F8_E4M3, new long[] { 7168, 2048 })]
    [InlineData("kimi-k2", "model.layers.1.mlp.experts.0.up_proj.weight_scale_inv", SafetensorsType.F32, new long[] { 16, 56 })]
    [InlineData("kimi-k2-thinking", "model.layers.1.mlp.experts.7.gate_proj.weight_packed", SafetensorsType.I32, new long[] { 2048, 896 })]
    [InlineData("kimi-k2-thinking", "model.layers.1.mlp.experts.7.gate_proj.weight_scale", SafetensorsType.BF16, new long[] { 2048, 224 })]
    [InlineData("kimi-k2-thinking", "model.layers.1.mlp.experts.7.down_proj.weight_packed", SafetensorsType.I32, new long[] { 7168, 256 })]
    [InlineData("kimi-k2-thinking", "model.layers.1.mlp.experts.7.down_proj.weight_shape", SafetensorsType.I32, new long[] { 2 })]
    [InlineData("kimi-k2-thinking", "model.layers.1.mlp.shared_experts.gate_proj.weight", SafetensorsType.BF16, new long[] { 2048, 7168 })]
    [InlineData("kimi-k2-thinking", "model.layers.60.self_attn.o_proj.weight", SafetensorsType.BF16, new long[] { 7168, 8192 })]
    [InlineData("gpt-oss-20b", "model.layers.23.mlp.experts.gate_up_proj_blocks", SafetensorsType.U8, new long[] { 32, 5760, 90, 16 })]
    [InlineData("gpt-oss-20b", "model.layers.0.mlp.experts.gate_up_proj_scales", SafetensorsType.U8, new long[] { 32, 5760, 90 })]
    [InlineData("gpt-oss-20b", "model.layers.0.mlp.experts.gate_up_proj_bias", SafetensorsType.BF16, new long[] { 32, 5760 })]
    [InlineData("gpt-oss-20b", "model.layers.0.mlp.experts.down_proj_blocks", SafetensorsType.U8, new long[] { 32, 2880, 90, 16 })]
    [InlineData("gpt-oss-20b", "model.layers.0.self_attn.sinks", SafetensorsType.BF16, new long[] { 64 })]
    [InlineData("moonlight", "model.layers.1.self_attn.q_proj.weight", SafetensorsType.BF16, new long[] { 3072, 2048 })]
    [InlineData("kimi-linear-48b-a3b", "model.layers.1.block_sparse_moe.experts.255.w2.weight", SafetensorsType.BF16, new long[] { 2304, 1024 })]
    [InlineData("kimi-linear-48b-a3b", "model.layers.0.self_attn.q_conv1d.weight", SafetensorsType.BF16, new long[] { 4096, 1, 4 })]
    [InlineData("kimi-linear-48b-a3b", "model.layers.0.self_attn.A_log", SafetensorsType.F32, new long[] { 1, 1, 32, 1 })]
    [InlineData("qwen3-30b-a3b", "model.layers.47.self_attn.q_norm.weight", SafetensorsType.BF16, new long[] { 128 })]
    [InlineData("llama-3.2-1b", "model.layers.15.self_attn.k_proj.weight", SafetensorsType.BF16, new long[] { 512, 2048 })]
    public void Tensors_have_the_names_types_and_shapes_of_the_release(string name, string tensor, SafetensorsType type, long[] shape)
    {
        var found = Assert.Single(Planned(name), planned => planned.Name == tensor);
        Assert.Equal(type, found.Type);
        Assert.Equal(shape, found.Shape);
    }

    [Theory]
    [InlineData("kimi-k2", 1.03e12, 0.005)]
    [InlineData("kimi-k2-thinking", 594e9, 0.01)]
    [InlineData("gpt-oss-20b", 13.76e9, 0.005)]
    [InlineData("llama-3.2-1b", 2.47e9, 0.005)]
    public void Releases_have_their_size(string name, double bytes, double tolerance) =>
        Assert.Equal(bytes, Planned(name).Sum(tensor => tensor.Shape.Aggregate((double)tensor.Type.Bytes(), (product, length) => product * length)), bytes * tolerance);

    // Reference models.md 3.9: sizes of the release's files, to the byte.
    [Fact]
    public void Groks_files_have_the_sizes_of_the_release()
    {
        var request = SynthRequest.Check(PublishedModels.Preset("grok-1"), new() { Format = SynthFormat.Grok });
        GrokPickle[] files = [.. GrokRelease.Pickles(request, Cancellation)];
        Assert.Equal(770, files.Length);
        Assert.Equal((1_611_137_347, 1_611_399_491, 1_611_137_347), (files[2].Bytes, files[3].Bytes, files[4].Bytes));
        Assert.Equal([8, 8, 6144], files[3].Scales!.Shape);
        Assert.Equal([6144, 8], files[13].Weight.Shape);
    }

    [Fact]
    public void Shards_have_an_index_and_open_as_one_model()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model");
        var progress = new Progress();
        var result = SynthModel.Write(
            PublishedModels.Preset("tiny-qwen3-30b-a3b"), new() { Format = SynthFormat.Safetensors, SplitBytes = 3_000_000 }, path, progress, Cancellation);
        Assert.True(result.Files.Count > 3);
        Assert.Equal($"model-00001-of-{result.Files.Count:D5}.safetensors", Path.GetFileName(result.Files[0]));
        Assert.Equal(Directory.GetFiles(path).Where(file => !file.EndsWith(".index.json", StringComparison.Ordinal)).Sum(file => new FileInfo(file).Length), result.Bytes);
        Assert.Equal(DType.BF16, result.Type);
        Assert.Equal(progress.Last.Total, progress.Last.Written);
        using var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "model.safetensors.index.json")));
        Assert.Equal(progress.Last.Total, index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
        using var checkpoint = Checkpoint.Open(path);
        Assert.Equal(2 * 12 + 3, checkpoint.Tensors.Count);
        Assert.Equal(5, Directory.GetFiles(path).Length - result.Files.Count);
    }

    [Fact]
    public void Types_that_the_release_cannot_have_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        AssertRefused("tiny-llama-3.2-1b", DType.INT4_G32, SynthFormat.Safetensors, "INT4_G32", "F8_E4M3");
        AssertRefused("tiny-kimi-k2", DType.MXFP4, SynthFormat.Safetensors, "MXFP4_SPLIT", "INT4_G32");
        AssertRefused("tiny-kimi-k2", DType.Q4_0, SynthFormat.Safetensors, "Q4_0", "F8_E4M3");
        AssertRefused("tiny-gpt-oss-20b", DType.BF16, SynthFormat.Safetensors, "BF16", "MXFP4_SPLIT");
        AssertRefused("tiny-grok-1", DType.F8_E4M3, SynthFormat.Safetensors, "F8_E4M3", "BF16");
        AssertRefused("tiny-grok-1", DType.BF16, SynthFormat.Grok, "BF16", "INT8_KN");
        AssertRefused("tiny-kimi-k2", null, SynthFormat.Grok, "tiny-kimi-k2", "gguf or safetensors");
        AssertRefused("tiny-kimi-k2", DType.F8_E4M3, SynthFormat.Gguf, "F8_E4M3", "Q4_0");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));

        void AssertRefused(string name, DType? type, SynthFormat format, string found, string expected)
        {
            var message = Assert.Throws<NotSupportedException>(() =>
                SynthModel.Write(PublishedModels.Preset(name), new() { DType = type, Format = format }, folder.File("m"), cancellationToken: Cancellation)).Message;
            Assert.Contains(found, message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("tiny-llama-3.2-1b", SynthFormat.Safetensors)]
    [InlineData("tiny-grok-1", SynthFormat.Grok)]
    public void What_cannot_be_written_leaves_nothing_behind(string name, SynthFormat format)
    {
        using var folder = new TemporaryFolder();
        var (preset, options, path) = (PublishedModels.Preset(name), new SynthOptions { Format = format, SplitBytes = 1 << 20 }, folder.File("m"));
        Assert.Contains("12345 free", Assert.Throws<IOException>(() => SynthModel.Write(preset, options, path, _ => 12345, null, Cancellation)).Message, StringComparison.Ordinal);
        Assert.Contains("no folder", Assert.Throws<DirectoryNotFoundException>(() => SynthModel.Write(preset, options, Path.Combine(path, "x"), cancellationToken: Cancellation)).Message, StringComparison.Ordinal);
        AssertCancelled();
        Assert.False(Directory.Exists(path));
        Directory.CreateDirectory(path);
        AssertCancelled();
        Assert.Empty(Directory.GetFileSystemEntries(path));

        File.WriteAllText(Path.Combine(path, "notes.txt"), "mine");
        Assert.Contains("found notes.txt", Assert.Throws<IOException>(() => SynthModel.Write(preset, options, path, cancellationToken: Cancellation)).Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(path));

        void AssertCancelled()
        {
            using var cancellation = new CancellationTokenSource();
            var progress = new Progress { Then = at => CancelHalfway(cancellation, at) };
            Assert.ThrowsAny<OperationCanceledException>(() => SynthModel.Write(preset, options, path, progress, cancellation.Token));
        }
    }

    [Fact]
    public void Leftovers_of_a_killed_process_are_no_obstacle()
    {
        using var folder = new TemporaryFolder();
        var path = Directory.CreateDirectory(folder.File("m")).FullName;
        Directory.CreateDirectory(Path.Combine(path, "ckpt-0.partial"));
        File.WriteAllText(Path.Combine(path, "ckpt-0.partial", "tensor00000_000.partial"), "half");
        SynthModel.Write(PublishedModels.Preset("tiny-grok-1"), new() { Format = SynthFormat.Grok }, path, cancellationToken: Cancellation);
        Assert.Equal(["ckpt-0", "tokenizer.model"], Directory.GetFileSystemEntries(path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(26, Directory.GetFiles(Path.Combine(path, "ckpt-0")).Length);
    }

    private static void CancelHalfway(CancellationTokenSource cancellation, SynthProgress at)
    {
        if (at.Written > at.Total / 2)
        {
            cancellation.Cancel();
        }
    }

    private static IReadOnlyList<PublishedTensor> Planned(string name)
    {
        var shape = PublishedModels.Preset(name).Shape;
        return shape.PublishedTensors(shape.Release, shape.Layers, shape.Vocabulary().Count, seed: 1);
    }

    private static string[] Files(string path) => [.. Directory.GetFiles(path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(path, file)).Order(StringComparer.Ordinal)];

    private sealed class Progress : IProgress<SynthProgress>
    {
        public Action<SynthProgress>? Then { get; init; }

        public SynthProgress Last { get; private set; }

        public void Report(SynthProgress value)
        {
            Last = value;
            Then?.Invoke(value);
        }
    }
}
