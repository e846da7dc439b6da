using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Synthesis;

public sealed class SynthModelTests
{
    public static TheoryData<string> Tiny => [.. SynthPreset.Names.Where(name => name.StartsWith("tiny-", StringComparison.Ordinal))];

    public static TheoryData<string> Real => [.. SynthPreset.Names.Where(name => !name.StartsWith("tiny-", StringComparison.Ordinal))];

    public static TheoryData<DType> Types =>
        [DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q4_K, DType.Q5_K, DType.Q6_K];

    [Theory]
    [MemberData(nameof(Tiny))]
    public void The_same_seed_gives_the_same_bytes_on_any_number_of_threads(string name)
    {
        using var folder = new TemporaryFolder();
        var one = Write(folder, "one", name, new() { Layers = 2, Threads = 1, Seed = 3 });
        var many = Write(folder, "many", name, new() { Layers = 2, Threads = 5, Seed = 3 });
        var other = Write(folder, "other", name, new() { Layers = 2, Threads = 5, Seed = 4 });
        Assert.True(File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(many)));
        Assert.False(File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(other)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_holds_exactly_the_values_of_F32(DType dtype)
    {
        using var folder = new TemporaryFolder();
        using var exact = GgufCheckpoint.Open(Write(folder, "exact", "tiny-deepseek-v3", new() { Layers = 4, DType = DType.F32 }));
        using var typed = GgufCheckpoint.Open(Write(folder, "typed", "tiny-deepseek-v3", new() { Layers = 4, DType = dtype }));
        Assert.Equal(exact.Tensors.Keys.Order(), typed.Tensors.Keys.Order());
        var matrices = 0;
        foreach (var tensor in typed.Tensors.Values)
        {
            matrices += tensor.DType == dtype ? 1 : 0;
            Assert.True(tensor.DType == dtype || tensor.DType == DType.F32 || (tensor.DType == DType.Q8_0 && tensor.Name.Contains("attn_k_b", StringComparison.Ordinal)));
            var expected = Decode(exact.Tensors[tensor.Name]);
            Assert.True(expected.AsSpan().SequenceEqual(Decode(tensor)), tensor.Name);
        }

        Assert.InRange(matrices, 30, 60);
    }

    [Theory]
    [InlineData(DType.MXFP4)]
    [InlineData(DType.Q4_0)]
    [InlineData(DType.Q6_K)]
    [InlineData(DType.BF16)]
    public void The_experts_of_gpt_oss_are_the_same_in_MXFP4_and_other_types(DType dtype)
    {
        using var folder = new TemporaryFolder();
        using var exact = GgufCheckpoint.Open(Write(folder, "exact", "tiny-gpt-oss-20b", new() { DType = DType.F32 }));
        using var typed = GgufCheckpoint.Open(Write(folder, "typed", "tiny-gpt-oss-20b", new() { DType = dtype }));
        foreach (var tensor in typed.Tensors.Values)
        {
            var expected = dtype == DType.MXFP4 && !tensor.Name.Contains("_exps", StringComparison.Ordinal) ? DType.Q8_0 : dtype;
            Assert.True(tensor.DType == expected || exact.Tensors[tensor.Name].Shape.Count == 1 || tensor.Name.EndsWith("bias", StringComparison.Ordinal) || tensor.Name.Contains("gate_inp", StringComparison.Ordinal), tensor.Name);
            Assert.True(Decode(exact.Tensors[tensor.Name]).AsSpan().SequenceEqual(Decode(tensor)), tensor.Name);
        }

        var up = Decode(exact.Tensors["blk.1.ffn_up_exps.weight"]);
        var scale = up.Take(128).Max() / 6;
        Assert.Equal([-6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6], up.Take(128).Select(value => value / scale).Distinct().Order());
    }

    [Fact]
    public void Matrices_are_scaled_integers_and_vary_from_tile_to_tile()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = GgufCheckpoint.Open(Write(folder, "m", "tiny-llama-3.2-1b", new() { DType = DType.F32 }));
        var tensor = checkpoint.Tensors["blk.1.ffn_down.weight"];
        var (rows, columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
        var values = Decode(tensor);
        var scales = new HashSet<double>();
        for (var row = 0; row < rows; row += 128)
        {
            for (var column = 0; column < columns; column += 128)
            {
                var tile = Enumerable.Range(0, 128 * 128).Select(i => (double)values[((row + (i / 128)) * columns) + column + (i % 128)]).ToArray();
                var scale = tile.Max() / 7;
                Assert.Equal(Math.Round(Math.Log2(scale)), Math.Log2(scale));
                Assert.All(tile, value => Assert.Equal(Math.Round(value / scale), value / scale));
                Assert.Equal(-7 * scale, tile.Min());
                Assert.Equal(15, tile.Distinct().Count());
                scales.Add(scale);
            }
        }

        Assert.InRange(scales.Count, 2, 3);
        var deviation = Math.Sqrt(values.Average(value => (double)value * value)) * Math.Sqrt(columns);
        Assert.InRange(deviation, 0.5, 2);
        Assert.InRange(values.Average(), -0.002, 0.002);
    }

    [Fact]
    public void Norms_are_around_one_and_rope_divisors_are_llamas()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = GgufCheckpoint.Open(Write(folder, "m", "tiny-llama-3.2-1b", new()));
        Assert.All(Decode(checkpoint.Tensors["output_norm.weight"]), value => Assert.InRange(value, 1 - (7 / 64f), 1 + (7 / 64f)));
        var divisors = Decode(checkpoint.Tensors["rope_freqs.weight"]);
        Assert.Equal(32, divisors.Length);
        // Wavelengths below 8192/4 stay, those above 8192 are divided by 32.
        Assert.Equal(1, divisors[0]);
        Assert.Equal(1, divisors[14]);
        Assert.InRange(divisors[15], 1.01f, 4);
        Assert.Equal(32, divisors[18]);
        Assert.Equal(32, divisors[31]);
        Assert.False(checkpoint.Tensors.ContainsKey("output.weight"));
    }

    [Theory]
    [MemberData(nameof(Tiny))]
    public void A_vocabulary_has_its_size_its_tokens_once_and_its_merges(string name)
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = GgufCheckpoint.Open(Write(folder, "m", name, new() { Layers = 1 }));
        CheckVocabulary(checkpoint.Metadata, (int)checkpoint.Tensors["token_embd.weight"].Shape[0]);
    }

    [Theory]
    [MemberData(nameof(Real))]
    public void The_real_vocabulary_has_its_true_size(string name)
    {
        using var folder = new TemporaryFolder();
        var writer = new GgufWriter();
        SynthPreset.TryGet(name, out var preset);
        var vocabulary = preset!.Shape.Vocabulary();
        vocabulary.Write(writer);
        var path = folder.File("vocab.gguf");
        writer.Write(path, cancellationToken: TestContext.Current.CancellationToken);
        using var checkpoint = GgufCheckpoint.Open(path);
        var size = name switch { "deepseek-v3" => 129280, "grok-1" => 131072, "qwen3-30b-a3b" => 151936, "llama-3.2-1b" => 128256, "gpt-oss-20b" => 201088, _ => 163840 };
        CheckVocabulary(checkpoint.Metadata, size);
        var tokens = vocabulary.Tokens;
        Assert.Equal(name switch { "deepseek-v3" => "<think>", "grok-1" => "<0x00>", "qwen3-30b-a3b" => "<|im_end|>", "llama-3.2-1b" => "<|eot_id|>", "gpt-oss-20b" => "<|call|>", _ => "<|im_middle|>" },
            tokens[name switch { "deepseek-v3" => 128798, "grok-1" => 69, "qwen3-30b-a3b" => 151645, "llama-3.2-1b" => 128009, "gpt-oss-20b" => 200012, _ => 163601 }]);
        if (name == "kimi-k2")
        {
            Assert.Equal(163328, vocabulary.Merges.Count);
            Assert.Equal("!", tokens[0]);
            Assert.Equal("<|reserved_token_163589|>", tokens[163589]);
            Assert.Equal((163584, 163586, 163593, 163839), (
                checkpoint.Metadata.GetInt32("tokenizer.ggml.bos_token_id"), checkpoint.Metadata.GetInt32("tokenizer.ggml.eos_token_id"),
                checkpoint.Metadata.GetInt32("tokenizer.ggml.eot_token_id"), checkpoint.Metadata.GetInt32("tokenizer.ggml.padding_token_id")));
        }
    }

    // Tensors: of published files (Kimi, DeepSeek, Qwen, Llama), of the JAX release (Grok), of g-moonlight, of llama.cpp's converter (Kimi Linear). Weights: of the releases.
    [Theory]
    [InlineData("kimi-k2", 61, 1096, 1026.4e9)]
    [InlineData("deepseek-v3", 61, 1086, 671.0e9)]
    [InlineData("grok-1", 64, 770, 316.5e9)]
    [InlineData("moonlight", 27, 430, 15.96e9)]
    [InlineData("kimi-linear-48b-a3b", 27, 610, 49.1e9)]
    [InlineData("qwen3-30b-a3b", 48, 579, 30.53e9)]
    [InlineData("llama-3.2-1b", 16, 147, 1.236e9)]
    [InlineData("gpt-oss-20b", 24, 459, 20.91e9)]
    public void A_plan_has_the_tensors_and_the_weights_of_the_real_model(string name, int layers, int tensors, double weights)
    {
        SynthPreset.TryGet(name, out var preset);
        Assert.Equal(layers, preset!.Layers);
        var plan = SynthModel.Plan(preset, new());
        Assert.Equal(tensors, plan.Count);
        Assert.Equal(weights, plan.Sum(tensor => tensor.Shape.Aggregate(1.0, (product, length) => product * length)), weights * 0.005);
    }

    [Fact]
    public void Kimis_metadata_is_llama_cpps_current_form()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = GgufCheckpoint.Open(Write(folder, "m", "tiny-kimi-k2-thinking", new() { Layers = 1 }));
        var metadata = checkpoint.Metadata;
        Assert.Equal("deepseek2", metadata.GetString("general.architecture"));
        Assert.Equal((1, 1, 1), (metadata.GetInt32("deepseek2.block_count"), metadata.GetInt32("deepseek2.leading_dense_block_count"), metadata.GetInt32("deepseek2.attention.head_count_kv")));
        Assert.Equal((576, 512, 192, 128), (
            metadata.GetInt32("deepseek2.attention.key_length"), metadata.GetInt32("deepseek2.attention.value_length"),
            metadata.GetInt32("deepseek2.attention.key_length_mla"), metadata.GetInt32("deepseek2.attention.value_length_mla")));
        Assert.Equal((64f, 1f, 0.1f, 2.827f), (
            metadata.GetSingle("deepseek2.rope.scaling.factor"), metadata.GetSingle("deepseek2.rope.scaling.yarn_beta_fast"),
            metadata.GetSingle("deepseek2.rope.scaling.yarn_log_multiplier"), metadata.GetSingle("deepseek2.expert_weights_scale")));
        Assert.Equal([4, 512, 128], checkpoint.Tensors["blk.0.attn_k_b.weight"].Shape);
        Assert.Equal([4, 128, 512], checkpoint.Tensors["blk.0.attn_v_b.weight"].Shape);
    }

    [Fact]
    public void Kimi_Linears_metadata_and_values_are_llama_cpps_form()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = GgufCheckpoint.Open(Write(folder, "m", "tiny-kimi-linear", new() { DType = DType.Q4_0 }));
        var metadata = checkpoint.Metadata;
        Assert.Equal("kimi-linear", metadata.GetString("general.architecture"));
        Assert.True(metadata.TryGetInt32Array("kimi-linear.attention.head_count_kv", out var kvHeads));
        Assert.Equal([0, 0, 0, 1, 0, 1], kvHeads);
        Assert.Equal((128, 4, 64, 192), (
            metadata.GetInt32("kimi-linear.kda.head_dim"), metadata.GetInt32("kimi-linear.ssm.conv_kernel"),
            metadata.GetInt32("kimi-linear.rope.dimension_count"), metadata.GetInt32("kimi-linear.attention.key_length_mla")));
        var filters = checkpoint.Tensors["blk.4.ssm_conv1d_k.weight"];
        Assert.Equal([512L, 1, 4], filters.Shape);
        Assert.Equal(DType.F32, filters.DType);
        Assert.InRange(Decode(filters).Average(Math.Abs), 0.2, 0.8);
        var rates = checkpoint.Tensors["blk.4.ssm_a"];
        Assert.Equal([4L, 1], rates.Shape);
        Assert.All(Decode(rates), rate => Assert.InRange(rate, -2, -0.1f));
        Assert.False(checkpoint.Tensors.ContainsKey("blk.3.ssm_a"));
        Assert.Equal([4L, 512, 128], checkpoint.Tensors["blk.3.attn_k_b.weight"].Shape);
    }

    [Fact]
    public void The_metadata_of_gpt_oss_is_the_converters()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = GgufCheckpoint.Open(Write(folder, "m", "tiny-gpt-oss-20b", new() { Layers = 1, DType = DType.MXFP4 }));
        var metadata = checkpoint.Metadata;
        Assert.Equal(("gpt-oss", "yarn", "gpt-4o"), (metadata.GetString("general.architecture"), metadata.GetString("gpt-oss.rope.scaling.type"), metadata.GetString("tokenizer.ggml.pre")));
        Assert.Equal((24, 32f, 4096), (
            metadata.GetInt32("gpt-oss.attention.sliding_window"), metadata.GetSingle("gpt-oss.rope.scaling.factor"), metadata.GetInt32("gpt-oss.rope.scaling.original_context_length")));
        Assert.Equal([8, 256, 256], checkpoint.Tensors["blk.0.ffn_down_exps.weight"].Shape);
        Assert.Equal([8, 256], checkpoint.Tensors["blk.0.ffn_down_exps.bias"].Shape);
    }

    [Fact]
    public void Rows_that_are_not_whole_blocks_take_another_type_and_say_so()
    {
        using var folder = new TemporaryFolder();
        SynthPreset.TryGet("tiny-kimi-k2", out var preset);
        var result = SynthModel.Write(preset!, new() { Layers = 2, DType = DType.Q4_K }, folder.File("m.gguf"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("attn_k_b.weight: rows of 128 are not blocks of 256: 2 tensors in Q8_0 instead of Q4_K", Assert.Single(result.Notes));
        Assert.Equal(new FileInfo(folder.File("m.gguf")).Length, result.Bytes);
    }

    [Fact]
    public void No_page_is_a_hole_or_a_repetition()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(Write(folder, "m", "tiny-qwen3-30b-a3b", new()));
        var pages = Enumerable.Range(0, bytes.Length / 4096).Select(page => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(page * 4096, 4096))));
        Assert.Equal(bytes.Length / 4096, pages.Distinct().Count());
    }

    [Fact]
    public void Shards_progress_and_cancellation()
    {
        using var folder = new TemporaryFolder();
        SynthPreset.TryGet("tiny-llama-3.2-1b", out var preset);
        var progress = new Progress();
        var result = SynthModel.Write(preset!, new() { DType = DType.F32, SplitBytes = 2_000_000 }, folder.File("m.gguf"), progress, TestContext.Current.CancellationToken);
        Assert.True(result.Files.Count > 2);
        Assert.True(progress.Last.Written <= progress.Last.Total && progress.Last.Written > progress.Last.Total * 0.9);
        using (var checkpoint = GgufCheckpoint.Open(result.Files[0]))
        {
            Assert.Equal(SynthModel.Plan(preset!, new()).Count, checkpoint.Tensors.Count);
        }

        result.Files.ToList().ForEach(File.Delete);
        using var cancellation = new CancellationTokenSource();
        var cancelling = new Progress { Then = cancellation.Cancel };
        Assert.ThrowsAny<OperationCanceledException>(() => SynthModel.Write(preset!, new() { DType = DType.F32 }, folder.File("m.gguf"), cancelling, cancellation.Token));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void What_cannot_be_written_is_refused_before_it_begins()
    {
        using var folder = new TemporaryFolder();
        SynthPreset.TryGet("tiny-kimi-k2", out var kimi);
        Assert.Contains("MXFP4", Assert.Throws<NotSupportedException>(() => Write(folder, "m", "tiny-kimi-k2", new() { DType = DType.MXFP4 })).Message, StringComparison.Ordinal);
        Assert.Contains("1..3, found 4", Assert.Throws<ArgumentOutOfRangeException>(() => Write(folder, "m", "tiny-kimi-k2", new() { Layers = 4 })).Message, StringComparison.Ordinal);
        Assert.Contains("12345 free", Assert.Throws<IOException>(() => SynthModel.Write(kimi!, new(), folder.File("m.gguf"), _ => 12345, null, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.False(SynthPreset.TryGet("kimi-k3", out _));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private static void CheckVocabulary(GgufMetadata metadata, int size)
    {
        Assert.True(metadata.TryGetStringArray("tokenizer.ggml.tokens", out var tokens));
        Assert.True(metadata.TryGetInt32Array("tokenizer.ggml.token_type", out var types));
        Assert.Equal((size, size), (tokens.Length, types.Length));
        Assert.Equal(size, tokens.Distinct().Count());
        Assert.InRange(metadata.GetInt32("tokenizer.ggml.eos_token_id"), 1, size - 1);
        if (metadata.GetString("tokenizer.ggml.model") == "llama")
        {
            Assert.True(metadata.TryGetSingleArray("tokenizer.ggml.scores", out var scores));
            Assert.Equal(size, scores.Length);
            Assert.Equal(256, types.Count(type => type == 6));
            return;
        }

        Assert.True(metadata.TryGetStringArray("tokenizer.ggml.merges", out var merges));
        var ids = tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);
        Assert.Equal(types.Count(type => type == 1) - 256, merges.Length);
        var first = Array.IndexOf(types, 1);
        for (var i = 0; i < merges.Length; i++)
        {
            var parts = merges[i].Split(' ');
            var id = ids[parts[0] + parts[1]];
            Assert.Equal(first + 256 + i, id);
            Assert.True(ids[parts[0]] < id && ids[parts[1]] < id);
        }
    }

    private static string Write(TemporaryFolder folder, string file, string name, SynthOptions options)
    {
        Assert.True(SynthPreset.TryGet(name, out var preset));
        var path = folder.File(file + ".gguf");
        SynthModel.Write(preset, options, path, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }

    private static float[] Decode(CheckpointTensor tensor) => ScalarDecoder.Decode(tensor.DType, tensor.Bytes.Span(0, (int)tensor.Bytes.Length));

    private sealed class Progress : IProgress<SynthProgress>
    {
        public Action? Then { get; init; }

        public SynthProgress Last { get; private set; }

        public void Report(SynthProgress value)
        {
            Last = value;
            Then?.Invoke();
        }
    }
}
