using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Conversion;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Conversion;

public sealed class QuantizeTests
{
    [Theory]
    [InlineData("g-llama", "Q8_0", 0.999)]
    [InlineData("g-qwen3moe", "Q8_0", 0.999)]
    [InlineData("g-grok", "Q6_K", 0.99)]
    [InlineData("g-deepseek-v2-lite", "Q8_0", 0.995)]
    public void A_quantised_model_is_close_to_its_source(string name, string type, double bound)
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf(name), folder.File("small.gguf"), Options(type));
        var cosines = Logits.Cosines(TestModels.Floats("golden-models", $"{name}.logits.f32"), Conversions.Score(folder.File("small.gguf"), TestModels.Tokens(), F32()), vocab: 512);
        Assert.True(cosines.Order().ElementAt(cosines.Length / 2) > bound, $"median cosine {cosines.Order().ElementAt(cosines.Length / 2)}");
    }

    [Fact]
    public void Every_tensor_has_the_type_of_the_mix_and_the_rows_of_the_encoder()
    {
        using var folder = new TemporaryFolder();
        var plan = Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("small.gguf"), Options("Q4_K_M"));
        using var source = Checkpoint.Open(TestModels.PathOf("g-qwen3moe"));
        using var small = Checkpoint.Open(folder.File("small.gguf"));
        var mix = QuantizationMix.Parse("Q4_K_M");
        var model = new MixModel(source.Metadata.GetInt32("qwen3moe.block_count"), source.Metadata.GetInt32("qwen3moe.expert_count"), source.Metadata.GetInt32("qwen3moe.attention.head_count") / source.Metadata.GetInt32("qwen3moe.attention.head_count_kv"));
        Assert.Equal(source.Tensors.Keys, small.Tensors.Keys);
        foreach (var tensor in source.Tensors.Values)
        {
            var expected = QuantizationMix.Quantizes(tensor.Name, tensor.Shape) ? mix.TypeOf(tensor.Name, tensor.Shape, model) : tensor.DType;
            var found = small.Tensors[tensor.Name];
            Assert.Equal(expected, found.DType);
            Assert.Equal(Encode(Conversions.Decode(source, tensor.Name), expected, (int)tensor.Shape[^1]), found.Bytes.Span(0, (int)found.Bytes.Length).ToArray());
        }

        Assert.Equal(15, small.Metadata.GetInt32("general.file_type"));
        Assert.Equal(2, small.Metadata.GetInt32("general.quantization_version"));
        Assert.Equal(source.Tensors.Count, plan.Tensors.Count);
    }

    [Fact]
    public void Metadata_of_GGUF_stays_as_it_is()
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf("g-kimi-k2"), folder.File("copy.gguf"));
        Conversions.Convert(TestModels.PathOf("g-kimi-k2"), folder.File("small.gguf"), Options("Q8_0"));
        using var source = GgufCheckpoint.Open(TestModels.PathOf("g-kimi-k2"));
        using var copy = GgufCheckpoint.Open(folder.File("copy.gguf"));
        using var small = GgufCheckpoint.Open(folder.File("small.gguf"));
        string[] types = ["general.file_type", "general.quantization_version"];
        Assert.Equal(source.Metadata.Describe().OrderBy(pair => pair.Key), copy.Metadata.Describe().OrderBy(pair => pair.Key));
        Assert.Equal(source.Metadata.Describe().ExceptBy(types, pair => pair.Key), small.Metadata.Describe().ExceptBy(types, pair => pair.Key));
        Assert.True(source.Metadata.TryGetByteStringArray("tokenizer.ggml.tokens", out var tokens) && small.Metadata.TryGetByteStringArray("tokenizer.ggml.tokens", out var same) && tokens.SelectMany(token => token).SequenceEqual(same.SelectMany(token => token)));
        Assert.True(source.Metadata.TryGetSingleArray("tokenizer.ggml.scores", out var scores) && small.Metadata.TryGetSingleArray("tokenizer.ggml.scores", out var sameScores) && scores.SequenceEqual(sameScores));
        foreach (var tensor in source.Tensors.Values)
        {
            Assert.True(tensor.Bytes.Span(0, (int)tensor.Bytes.Length).SequenceEqual(copy.Tensors[tensor.Name].Bytes.Span(0, (int)tensor.Bytes.Length)), tensor.Name);
        }
    }

    [Fact]
    public void Quantised_tensors_are_copied_where_they_stay_and_said_where_they_do_not()
    {
        using var folder = new TemporaryFolder();
        var plan = Conversions.Convert(TestModels.PathOf("g-kimi-k2-q4_0"), folder.File("same.gguf"), Options("Q4_0"));
        using var source = GgufCheckpoint.Open(TestModels.PathOf("g-kimi-k2-q4_0"));
        using var same = GgufCheckpoint.Open(folder.File("same.gguf"));
        var kept = source.Tensors.Values.Where(tensor => tensor.DType == DType.Q4_0 && same.Tensors[tensor.Name].DType == DType.Q4_0).ToArray();
        Assert.True(kept.Length > 10);
        Assert.All(kept, tensor => Assert.True(tensor.Bytes.Span(0, (int)tensor.Bytes.Length).SequenceEqual(same.Tensors[tensor.Name].Bytes.Span(0, (int)tensor.Bytes.Length))));
        var other = Conversions.Convert(TestModels.PathOf("g-kimi-k2-q4_0"), folder.File("other.gguf"), Options("Q8_0"));
        Assert.Contains(other.Notices, notice => notice.Contains("quantised already go from Q4_0 to Q8_0", StringComparison.Ordinal));
        Assert.DoesNotContain(plan.Notices, notice => notice.Contains("from Q4_0 to Q4_0", StringComparison.Ordinal));
    }

    [Fact]
    public void The_first_pattern_that_is_found_decides()
    {
        using var folder = new TemporaryFolder();
        var overrides = TypeOverrides.Parse(["attn_v=F16", "blk\\.1\\.ffn_down=Q5_1", "norm=Q8_0"]);
        Conversions.Convert(TestModels.PathOf("g-llama"), folder.File("small.gguf"), Options("Q8_0") with { Overrides = TypeOverrides.Parse(["attn_v=F16", "blk\\.1\\.ffn_down=Q5_1"]) });
        using var small = Checkpoint.Open(folder.File("small.gguf"));
        Assert.Equal(
            (DType.F16, DType.Q5_1, DType.Q8_0, DType.F32),
            (small.Tensors["blk.0.attn_v.weight"].DType, small.Tensors["blk.1.ffn_down.weight"].DType, small.Tensors["blk.0.ffn_down.weight"].DType, small.Tensors["blk.0.attn_norm.weight"].DType));

        // Norms are never quantised, but the pattern is found in their names.
        Conversions.Convert(TestModels.PathOf("g-llama"), folder.File("small.gguf"), Options("Q8_0") with { Overrides = overrides });
        using var source = Checkpoint.Open(TestModels.PathOf("g-llama"));
        var message = Assert.Throws<ArgumentException>(() => Conversions.Plan(source, folder.File("none.gguf"), Options("Q8_0") with { Overrides = TypeOverrides.Parse(["atn_v=F16"]) })).Message;
        Assert.Contains("\"atn_v\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Importance_makes_weighted_errors_smaller_and_what_it_lacks_is_said()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        using var source = Checkpoint.Open(TestModels.PathOf("g-qwen3moe"));
        var entries = source.Tensors.Values.Where(tensor => tensor.Name.Contains("_exps", StringComparison.Ordinal)).ToDictionary(
            tensor => tensor.Name,
            tensor => new ImportanceEntry([.. Enumerable.Range(0, (int)(tensor.Shape[0] * tensor.Shape[2])).Select(_ => MathF.Exp(6 * random.NextSingle()))], [.. Enumerable.Repeat(3f, (int)tensor.Shape[0])]));
        var importance = new ImportanceMatrix { Entries = entries };
        Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("without.gguf"), Options("Q4_0"));
        var plan = Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("with.gguf"), Options("Q4_0") with { Importance = importance });
        Assert.Contains(plan.Notices, notice => notice.Contains("have no importance", StringComparison.Ordinal) && notice.Contains("blk.0.attn_q.weight", StringComparison.Ordinal));
        using var without = Checkpoint.Open(folder.File("without.gguf"));
        using var with = Checkpoint.Open(folder.File("with.gguf"));
        foreach (var (name, entry) in entries.Where(entry => with.Tensors[entry.Key].DType == DType.Q4_0))
        {
            var shape = source.Tensors[name].Shape;
            var weights = entry.Weights(shape[0], shape[2])!;
            var exact = Conversions.Decode(source, name);
            Assert.True(Error(Conversions.Decode(with, name)) < 0.95 * Error(Conversions.Decode(without, name)), name);

            double Error(float[] values) => values.Select((value, i) => weights[(i / (shape[1] * shape[2]) * shape[2]) + (i % shape[2])] * Math.Pow(value - exact[i], 2)).Sum();
        }
    }

    [Fact]
    public void Importance_of_another_model_is_refused()
    {
        using var source = Checkpoint.Open(TestModels.PathOf("g-llama"));
        var importance = new ImportanceMatrix { Entries = new Dictionary<string, ImportanceEntry> { ["blk.0.attn_q.weight"] = new([1, 2], [1]) } };
        var message = Assert.Throws<CheckpointException>(() => Conversions.Plan(source, "never.gguf", Options("Q4_0") with { Importance = importance })).Message;
        Assert.Contains("importance of 'blk.0.attn_q.weight': expected 1 × ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_no_type_holds_is_named_and_nothing_is_left_behind()
    {
        using var folder = new TemporaryFolder();
        float[] values = [.. Enumerable.Repeat(1f, 64)];
        values[37] = float.NaN;
        new GgufWriter().Set("general.architecture", "llama").Set("llama.block_count", 1u)
            .AddTensorOf("output.weight", values, 2, 32).Write(folder.File("bad.gguf"), cancellationToken: TestContext.Current.CancellationToken);
        var message = Assert.Throws<CheckpointException>(() => Conversions.Convert(folder.File("bad.gguf"), folder.File("out.gguf"), Options("Q8_0"))).Message;
        Assert.Contains("tensor 'output.weight', row 1: column 5 is NaN", message, StringComparison.Ordinal);
        Assert.Equal([folder.File("bad.gguf")], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void The_source_itself_is_no_output()
    {
        using var source = Checkpoint.Open(TestModels.PathOf("g-llama"));
        Assert.Contains("another output", Assert.Throws<ArgumentException>(() => Conversions.Plan(source, source.Path, Options("Q8_0"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_hold_what_one_file_does()
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf("g-llama"), folder.File("one.gguf"), Options("Q8_0"));
        var plan = Conversions.Convert(TestModels.PathOf("g-llama"), folder.File("some.gguf"), Options("Q8_0") with { SplitBytes = 200_000 });
        Assert.True(plan.Files.Count > 1);
        using var one = GgufCheckpoint.Open(folder.File("one.gguf"));
        using var some = Checkpoint.Open(plan.Files[0]);
        Assert.Equal(one.Tensors.Keys.Order(), some.Tensors.Keys.Order());
        Assert.All(one.Tensors.Values, tensor => Assert.True(tensor.Bytes.Span(0, (int)tensor.Bytes.Length).SequenceEqual(some.Tensors[tensor.Name].Bytes.Span(0, (int)tensor.Bytes.Length))));

        // And back, without the keys of shards.
        Conversions.Convert(plan.Files[0], folder.File("joined.gguf"));
        Assert.Equal(File.ReadAllBytes(folder.File("one.gguf")), File.ReadAllBytes(folder.File("joined.gguf")));
    }

    [Fact]
    public void The_bytes_do_not_depend_on_the_threads()
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf("g-moonlight"), folder.File("one.gguf"), Options("Q4_K_M") with { Threads = 1 });
        Conversions.Convert(TestModels.PathOf("g-moonlight"), folder.File("many.gguf"), Options("Q4_K_M") with { Threads = 5 });
        Assert.True(File.ReadAllBytes(folder.File("one.gguf")).AsSpan().SequenceEqual(File.ReadAllBytes(folder.File("many.gguf"))));
    }

    private static ConversionOptions Options(string type) => Conversions.Plain with { Type = TargetType.Parse(type) };

    private static Engine.Models.ModelOptions F32() => LoadedModel.Plain with { MaxBatchTokens = 128, Activations = ActivationType.F32 };

    private static byte[] Encode(float[] values, DType type, int columns)
    {
        var rowBytes = (int)type.Layout().RowBytes(columns);
        var bytes = new byte[values.Length / columns * rowBytes];
        for (var row = 0; row < values.Length / columns; row++)
        {
            RowCodec.Encode(type, values.AsSpan(row * columns, columns), bytes.AsSpan(row * rowBytes, rowBytes));
        }

        return bytes;
    }
}

file static class Tensors
{
    public static GgufWriter AddTensorOf(this GgufWriter writer, string name, float[] values, params long[] shape)
    {
        writer.AddTensor(name, DType.F32, shape, sink => sink(MemoryMarshal.AsBytes<float>(values)));
        return writer;
    }
}
