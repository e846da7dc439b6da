using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;
using Crescent.Engine.Models;
using Crescent.Engine.Weights;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Conversion;
using Crescent.Tests.Experts;
using Xunit;

namespace Crescent.Tests.Models.Lossy;

/// <summary>Copies of experts in a smaller type that are read on a miss. The oracle is the copied model itself, whose other tensors are the model's own.</summary>
public sealed class LowPrecisionCopyTests
{
    private const string Name = "g-qwen3moe"; // all F32

    [Theory]
    [InlineData("g-qwen3moe", "Q8_0", ConversionLayout.Records)]
    [InlineData("g-qwen3moe", "Q4_0", ConversionLayout.Gguf)]
    [InlineData("g-kimi-k2", "Q8_0", ConversionLayout.Records)]
    public void Answers_from_nothing_in_memory_are_those_of_the_copied_model(string name, string type, ConversionLayout layout)
    {
        using var folder = new TemporaryFolder();
        var copies = Copy(name, folder.File("copies"), type, layout);
        var tokens = TestModels.TokensOf(name);
        using var expected = LoadedModel.OpenFile(copies);
        foreach (var (slots, threads) in (ReadOnlySpan<(int, int)>)[(1, 1), (3, 2), (1 << 20, 2)])
        {
            using var model = Open(name, copies, slots, threads);
            Logits.AssertSameBits(expected.Decode(tokens), model.Decode(tokens), $"{slots} slots,");
            Assert.Equal(model.Store().Counts.Used, model.Store().Counts.CopiesUsed);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1 << 20)]
    public void Prompts_are_exact_whatever_copies_an_answer_left(int slots)
    {
        using var folder = new TemporaryFolder();
        var tokens = TestModels.TokensOf(Name);
        using var exact = LoadedModel.Open(Name);
        using var model = Open(Name, Copy(Name, folder.File("copies"), "Q8_0"), slots);
        model.Decode(tokens);
        Logits.AssertSameBits(exact.Score(tokens, 7), model.Score(tokens, 7));
        model.Model.Lossy = null;
        model.Decode(tokens);
        Logits.AssertSameBits(exact.Decode(tokens), model.Decode(tokens), "without copies,");
    }

    [Fact]
    public void What_a_prompt_brought_into_memory_is_used_itself()
    {
        using var folder = new TemporaryFolder();
        var tokens = TestModels.TokensOf(Name);
        using var exact = LoadedModel.Open(Name);
        using var model = Open(Name, Copy(Name, folder.File("copies"), "Q8_0"), 1 << 20);
        Logits.AssertSameBits(exact.Score(tokens, 64), model.Score(tokens, 64));
        Logits.AssertSameBits(exact.Decode(tokens), model.Decode(tokens)); // the same tokens want the same experts
        Assert.Equal(0, model.Store().Counts.CopiesUsed);
    }

    [Fact]
    public void Less_is_read()
    {
        using var folder = new TemporaryFolder();
        var tokens = TestModels.TokensOf(Name);
        using var exact = Streamed.Open(Name, Streamed.Slots(2) with { ReadsAhead = false });
        using var model = Open(Name, Copy(Name, folder.File("copies"), "Q8_0"), 2);
        exact.Decode(tokens);
        model.Decode(tokens);
        Assert.InRange(model.Store().Counts.BytesRead, 1, exact.Store().Counts.BytesRead - 1);
    }

    [Fact]
    public void Other_models_are_no_copies()
    {
        using var folder = new TemporaryFolder();
        Refused(folder.File("none"), "none");
        Refused(TestModels.PathOf("g-moonlight"), "expected copies of a model of architecture 'qwen3moe', found 'deepseek2'");
        Refused(TestModels.PathOf(Name), "expected copies smaller than the ");
        Refused(TestModels.PathOf("tiny-qwen3-30b-a3b"), "output_norm.weight");

        // Another model of the same shape: one value of its last norm differs.
        var other = new FileInfo(folder.File("other.gguf")).FullName;
        Conversions.Convert(TestModels.PathOf(Name), other, Conversions.Plain with { Overrides = TypeOverrides.Parse(["_exps=Q8_0"]) });
        var bytes = File.ReadAllBytes(other);
        using (var checkpoint = Checkpoint.Open(other))
        {
            var norm = checkpoint.Tensors["output_norm.weight"].Bytes;
            BitConverter.TryWriteBytes(bytes.AsSpan((int)checkpoint.Mappings[0].OffsetOf(norm)!.Value), 12345f);
        }

        File.WriteAllBytes(other, bytes);
        Refused(other, "expected copies of the same model, found another: value 0 of 'output_norm.weight' is 12345");
    }

    [Fact]
    public void A_damaged_copy_is_told()
    {
        using var folder = new TemporaryFolder();
        var copies = Copy(Name, folder.File("copies"), "Q8_0");
        var path = Directory.GetFiles(copies, "*.records")[0];
        var bytes = File.ReadAllBytes(path);
        for (var offset = bytes.Length / 4; offset < bytes.Length; offset += 500)
        {
            bytes[offset] ^= 1;
        }

        File.WriteAllBytes(path, bytes);
        using var model = Open(Name, copies, 2);
        var exception = Assert.Throws<WeightReadException>(() => model.Decode(TestModels.TokensOf(Name)));
        Assert.All([path, "the record is damaged"], part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Copies_are_part_of_the_identity()
    {
        using var folder = new TemporaryFolder();
        var copies = Copy(Name, folder.File("copies"), "Q8_0");
        using var model = LoadedModel.Open(Name);
        string Identity(string? path) => Convert.ToHexString(model.Identity(LoadedModel.Plain with { Lossy = new LossyOptions { CopiesPath = path } }));
        var first = Identity(copies);
        File.SetLastWriteTimeUtc(Directory.GetFiles(copies, "*.records")[0], new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        Assert.Equal(3, new[] { Identity(null), first, Identity(copies) }.Distinct().Count());
    }

    private static void Refused(string copies, string message)
    {
        var exception = Assert.ThrowsAny<CheckpointException>(() => Open(Name, copies, 2).Dispose());
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    private static LoadedModel Open(string name, string copies, int slots, int threads = 1) => LoadedModel.Open(
        name, (LoadedModel.Plain with { Threads = threads, Lossy = new LossyOptions { CopiesPath = copies } }).With(Streamed.Slots(slots) with { ReadsAhead = false }));

    // A folder of records, or a file, whose experts alone are of another type.
    private static string Copy(string name, string path, string type, ConversionLayout layout = ConversionLayout.Records) =>
        Conversions.Convert(TestModels.PathOf(name), path, Conversions.Plain with { Layout = layout, Overrides = TypeOverrides.Parse([$"_exps={type}"]) }).Path;
}
