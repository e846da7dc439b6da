using System.Buffers.Binary;
using System.IO.Hashing;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Records;
using Crescent.Engine.Conversion;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Conversion;

public sealed class RecordTests
{
    private const int UsualSeeds = 300;

    private static readonly string[] s_projections = ["gate", "up", "down"];
    private static readonly ConversionOptions s_records = Conversions.Plain with { Layout = ConversionLayout.Records };

    [Theory]
    [InlineData("g-qwen3moe")]
    [InlineData("g-grok")]
    [InlineData("g-kimi-k2-q4_0")]
    [InlineData("g-deepseek-v3")]
    public void Logits_from_records_are_those_of_the_file(string name)
    {
        using var folder = new TemporaryFolder();
        var plan = Conversions.Convert(TestModels.PathOf(name), folder.File("out"), s_records);
        Assert.Equal(folder.File("out"), plan.Path);
        Assert.Equal("backbone.gguf", Path.GetFileName(plan.Files[0]));
        Logits.AssertSameBits(Conversions.Score(TestModels.PathOf(name), TestModels.Tokens()), Conversions.Score(folder.File("out"), TestModels.Tokens()), name);
        using var source = Checkpoint.Open(TestModels.PathOf(name));
        using var backbone = Checkpoint.Open(plan.Files[0]);
        Assert.DoesNotContain(backbone.Tensors.Keys, tensor => tensor.Contains("_exps.weight", StringComparison.Ordinal));
        Assert.Equal(source.Tensors.Count - backbone.Tensors.Count, plan.Tensors.Count(tensor => tensor.Name.Contains("_exps.weight", StringComparison.Ordinal)));

        // And back: the same file.
        Conversions.Convert(folder.File("out"), folder.File("back.gguf"));
        using var back = Checkpoint.Open(folder.File("back.gguf"));
        Assert.Equal(source.Metadata.Describe().OrderBy(pair => pair.Key), back.Metadata.Describe().OrderBy(pair => pair.Key));
        Assert.All(source.Tensors.Values, tensor => Assert.True(tensor.Bytes.Span(0, (int)tensor.Bytes.Length).SequenceEqual(back.Tensors[tensor.Name].Bytes.Span(0, (int)tensor.Bytes.Length)), tensor.Name));
    }

    [Theory]
    [InlineData(DType.INT4_G32)]
    [InlineData(DType.F8_E4M3)]
    public void Experts_stay_in_their_published_form(DType dtype)
    {
        using var published = PublishedGolden.Write("g-kimi-k2", (folder, name, rows, columns, values) => _ = dtype == DType.INT4_G32
            ? folder.AddInt4(name, rows, columns, values)
            : folder.AddFloat8($"{name}.weight", rows, columns, name.Length, tile => 0.1f * (tile + 1)));
        Conversions.Convert(published.Path, published.File("out"), s_records);
        using var source = Checkpoint.Open(published.Path);
        using var records = RecordCheckpoint.Open(published.File("out"));
        records.Verify(cancellationToken: TestContext.Current.CancellationToken);
        foreach (var tensor in source.Tensors.Values.Where(tensor => tensor.Name.Contains("_exps", StringComparison.Ordinal)))
        {
            Assert.Equal(dtype, records.Tensors[tensor.Name].DType);
            Assert.Equal(tensor.Shape, records.Tensors[tensor.Name].Shape);
            Logits.AssertSameBits(Conversions.Decode(source, tensor.Name), Conversions.Decode(records, tensor.Name), tensor.Name);
        }

        var options = LoadedModel.Plain with { MaxBatchTokens = 128, Activations = ActivationType.F32 };
        Logits.AssertWithin(2e-4f, Conversions.Score(published.Path, TestModels.Tokens(), options), Conversions.Score(published.File("out"), TestModels.Tokens(), options));
    }

    [Fact]
    public void Experts_are_rounded_to_groups_of_integers_and_exact_ones_stay_exact()
    {
        // Synthetic weights are whole multiples of a power of two, -7 to 7: groups of four-bit integers hold them.
        using var folder = new TemporaryFolder();
        var exact = TestModels.PathOf("tiny-kimi-k2", DType.BF16, layers: 3);
        Conversions.Convert(exact, folder.File("out"), s_records with { Type = TargetType.Parse("int4_g32") });
        using (var records = RecordCheckpoint.Open(folder.File("out")))
        {
            records.Verify(cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(DType.INT4_G32, records.Tensors["blk.1.ffn_down_exps.weight"].DType);
            Assert.Equal(DType.BF16, records.Tensors["blk.1.attn_output.weight"].DType);
        }

        var options = LoadedModel.Plain with { MaxBatchTokens = 128, Activations = ActivationType.F32 };
        Logits.AssertSameBits(Conversions.Score(exact, TestModels.Tokens(), options), Conversions.Score(folder.File("out"), TestModels.Tokens(), options), "int4 groups");

        // Random ones are not held: each group's error is at most half a step, and half a rounding of the step.
        Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("rounded"), s_records with { Type = TargetType.Parse("INT4_G32") });
        using var source = Checkpoint.Open(TestModels.PathOf("g-qwen3moe"));
        using var rounded = RecordCheckpoint.Open(folder.File("rounded"));
        const string Name = "blk.0.ffn_up_exps.weight";
        var (expected, actual) = (Conversions.Decode(source, Name), Conversions.Decode(rounded, Name));
        for (var group = 0; group < expected.Length; group += 32)
        {
            var largest = expected.AsSpan(group, 32).ToArray().Max(MathF.Abs);
            for (var i = group; i < group + 32; i++)
            {
                Assert.InRange(MathF.Abs(expected[i] - actual[i]), 0, largest / 7 * 0.53f);
            }
        }
    }

    [Fact]
    public void A_type_of_records_is_refused_for_a_file()
    {
        using var folder = new TemporaryFolder();
        var options = Conversions.Plain with { Type = TargetType.Parse("int4_g32") };
        Assert.Contains("--to records", Assert.Throws<ArgumentException>(() => Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("x.gguf"), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Alternating_rows_are_taken_apart()
    {
        using var published = PublishedTiny.Write("tiny-gpt-oss");
        Conversions.Convert(published.Path, published.File("out"), s_records);
        using var source = Checkpoint.Open(published.Path);
        using var records = Checkpoint.Open(published.File("out"));
        Assert.All(records.Tensors["blk.0.ffn_gate_exps.weight"].Parts, part => Assert.Equal(1, part.RowStep));
        Assert.All(
            source.Tensors.Keys.Where(name => name.EndsWith("_exps.weight", StringComparison.Ordinal)),
            name => Logits.AssertSameBits(Conversions.Decode(source, name), Conversions.Decode(records, name), name));
        Logits.AssertSameBits(Conversions.Score(published.Path, TinyModel.Tokens), Conversions.Score(published.File("out"), TinyModel.Tokens), "tiny-gpt-oss");
    }

    [Fact]
    public void A_type_holds_for_experts_and_backbone()
    {
        using var folder = new TemporaryFolder();
        var type = TargetType.Parse("Q8_0");
        Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("out"), s_records with { Type = type });
        Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("small.gguf"), Conversions.Plain with { Type = type });
        Logits.AssertSameBits(Conversions.Score(folder.File("small.gguf"), TestModels.Tokens()), Conversions.Score(folder.File("out"), TestModels.Tokens()), "Q8_0");
    }

    [Fact]
    public void The_layout_is_the_documented_one()
    {
        using var folder = new TemporaryFolder();
        var plan = Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("out"), s_records with { SplitBytes = 1 });
        using var source = Checkpoint.Open(TestModels.PathOf("g-qwen3moe"));
        Assert.Equal(["backbone.gguf", "experts-00001-of-00003.records", "experts-00002-of-00003.records", "experts-00003-of-00003.records"], plan.Files.Select(Path.GetFileName));
        var bytes = File.ReadAllBytes(plan.Files[2]);
        uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
        ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
        Assert.Equal("CRXPERT1"u8, bytes.AsSpan(0, 8));
        var experts = (uint)source.Tensors["blk.1.ffn_up_exps.weight"].Shape[0];
        Assert.Equal((1u, 2u, 3u, 1u, (ulong)experts), (U32(8), U32(12), U32(16), U32(20), U64(24)));
        var data = (int)U64(32);
        Assert.Equal((0, (ulong)bytes.Length), (data % 65536, U64(40)));
        Assert.Equal((1u, experts, (ulong)data), (U32(64), U32(68), U64(72)));
        var stride = (int)U64(80);
        Assert.Equal((0, data + ((int)experts * stride)), (stride % 65536, bytes.Length));
        for (var matrix = 0; matrix < 3; matrix++)
        {
            var at = 88 + (40 * matrix);
            var tensor = source.Tensors[$"blk.1.ffn_{s_projections[matrix]}_exps.weight"];
            Assert.Equal(((uint)tensor.DType, (uint)tensor.Shape[1], (uint)tensor.Shape[2], 0UL, 0UL), (U32(at), U32(at + 4), U32(at + 8), U64(at + 24), U64(at + 32)));
            var (codes, length) = ((int)U64(at + 16), (int)(tensor.Bytes.Length / experts));
            Assert.Equal(0, codes % 64);
            Assert.True(tensor.Bytes.Span(3 * length, length).SequenceEqual(bytes.AsSpan(data + (3 * stride) + codes, length)));
        }

        var header = bytes[..data];
        header.AsSpan(56, 8).Clear();
        Assert.Equal(XxHash64.HashToUInt64(header), U64(56));
        for (var expert = 0; expert < experts; expert++)
        {
            Assert.Equal(XxHash64.HashToUInt64(bytes.AsSpan(data + (expert * stride), stride)), U64(64 + 144 + (8 * expert)));
        }
    }

    [Fact]
    public void A_damaged_record_is_found_by_its_hash()
    {
        using var folder = new TemporaryFolder();
        var file = Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("out"), s_records).Files[1];
        using (var stream = File.Open(file, FileMode.Open))
        {
            stream.Position = stream.Length - 1;
            stream.WriteByte(1); // padding of the last record
        }

        using var records = RecordCheckpoint.Open(folder.File("out"));
        var message = Assert.Throws<CheckpointException>(() => records.Verify(cancellationToken: TestContext.Current.CancellationToken)).Message;
        Assert.Contains($"{file}: offset ", message, StringComparison.Ordinal);
        Assert.Contains("of layer 2: expected hash", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_different_conversions_do_not_mix()
    {
        using var folder = new TemporaryFolder();
        var files = Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("one"), s_records).Files;
        var others = Conversions.Convert(TestModels.PathOf("g-qwen3moe"), folder.File("two"), s_records with { Type = TargetType.Parse("F16") }).Files;
        File.Copy(others[1], files[1], overwrite: true);
        Assert.Contains("different conversions", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.File("one"))).Message, StringComparison.Ordinal);
        File.Delete(files[1]);
        File.Copy(others[1], folder.File("one/stray.records"));
        Assert.Contains("experts-00001-of-00001.records: no such file", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.File("one"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_experts_has_no_records()
    {
        using var source = Checkpoint.Open(TestModels.PathOf("g-llama"));
        Assert.Contains("expected a mixture of experts", Assert.Throws<CheckpointException>(() => Conversions.Plan(source, "never", s_records)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Records_that_were_interrupted_go_on()
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf("tiny-deepseek-v3"), folder.File("whole"), s_records);
        using var checkpoint = Checkpoint.Open(TestModels.PathOf("tiny-deepseek-v3"));
        var plan = Conversions.Plan(checkpoint, folder.File("out"), s_records);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => plan.Write(new Stop(stop, plan.Bytes * 2 / 3), stop.Token));
        plan = Conversions.Plan(checkpoint, folder.File("out"), s_records);
        Assert.InRange(plan.DoneBytes, 1, plan.Bytes - 1);
        plan.Write(null, TestContext.Current.CancellationToken);
        string[] files = [.. Directory.GetFiles(folder.File("whole")).Order(StringComparer.Ordinal)];
        Assert.Equal(files.Select(Path.GetFileName), Directory.GetFiles(folder.File("out")).Order(StringComparer.Ordinal).Select(Path.GetFileName));
        Assert.All(files, file => Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder.File("out"), Path.GetFileName(file)))), file));
    }

    /// <summary>Only the header: the rest is bytes that any value may have.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_damaged_header_is_an_error(bool rehashed)
    {
        using var folder = new TemporaryFolder();
        using var published = PublishedTiny.Write("tiny-gpt-oss");
        var files = Conversions.Convert(published.Path, folder.File("out"), s_records).Files;
        var original = File.ReadAllBytes(files[1]);
        var opened = Fuzz.Run("x.records", Fuzz.Seeds(UsualSeeds), 1 << 22, Damage, path =>
        {
            using var mapping = Kernels.Memory.MappedFile.Open(path);
            var header = RecordHeaderReader.Read(path, mapping.Bytes);
            Assert.True(header.FileLength == mapping.Bytes.Length && header.Layers.All(layer => layer.Offset + layer.Length <= mapping.Bytes.Length));
        });
        Assert.InRange(opened, 0, Fuzz.Seeds(UsualSeeds) / 2);

        byte[] Damage(int seed)
        {
            var damaged = Corruption.Corrupt(original, seed);
            if (rehashed && damaged.Length >= 65536)
            {
                // A forger hashes again: every field is looked at for itself.
                var data = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(damaged.AsSpan(32)), (ulong)damaged.Length);
                if (data >= 64)
                {
                    damaged.AsSpan(56, 8).Clear();
                    BinaryPrimitives.WriteUInt64LittleEndian(damaged.AsSpan(56), XxHash64.HashToUInt64(damaged.AsSpan(0, data)));
                }
            }

            return damaged;
        }
    }

    private sealed class Stop(CancellationTokenSource stop, long bytes) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            if (value.Done >= bytes)
            {
                stop.Cancel();
            }
        }
    }
}
