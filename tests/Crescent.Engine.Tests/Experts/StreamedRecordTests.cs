using Crescent.Engine.Conversion;
using Crescent.Engine.Weights;
using Crescent.Kernels.Tests.Storage;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Conversion;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Experts;

/// <summary>Experts read from files of records, from shards and from copies; a record's hash is checked when it is read first.</summary>
public sealed class StreamedRecordTests
{
    private const string Name = "g-kimi-k2-q4_0";

    private static readonly ConversionOptions s_records = Conversions.Plain with { Layout = ConversionLayout.Records };

    [Theory]
    [InlineData("g-qwen3moe", ConversionLayout.Records)]
    [InlineData("g-kimi-k2-q4_0", ConversionLayout.Records)]
    [InlineData("g-grok", ConversionLayout.Records)]
    [InlineData("g-qwen3moe", ConversionLayout.Gguf)]
    [InlineData("g-kimi-k2-q4_0", ConversionLayout.Gguf)]
    public void Records_and_shards_give_the_bits_of_the_file(string name, ConversionLayout layout)
    {
        using var folder = new TemporaryFolder();
        var plan = Conversions.Convert(TestModels.PathOf(name), folder.File("out"), Conversions.Plain with { Layout = layout, SplitBytes = 200_000 });
        Assert.InRange(plan.Files.Count, 3, 1000);
        var tokens = TestModels.TokensOf(name);
        using var resident = LoadedModel.Open(name);
        var expected = resident.Score(tokens, 64);
        foreach (var (slots, chunk) in (ReadOnlySpan<(int, int)>)[(1, 64), (2, 1), (100, 7)])
        {
            using var model = LoadedModel.OpenFile(layout == ConversionLayout.Records ? plan.Path : plan.Files[0], LoadedModel.Plain.With(Streamed.Slots(slots)));
            Logits.AssertSameBits(expected, model.Score(tokens, chunk), $"{slots} slots, chunk {chunk},");
        }
    }

    [Fact]
    public void A_damaged_record_is_read_twice_and_named()
    {
        using var folder = new TemporaryFolder();
        var (path, offset) = Damaged(folder);
        var (reads, drive) = (0, new FailingDrive());
        drive.Respond = block =>
        {
            reads += block.Offset <= offset && offset < block.Offset + block.Length ? 1 : 0;
            return FakeBackend.Read(block);
        };
        using var model = LoadedModel.OpenFile(folder.File("out"), LoadedModel.Plain.With(drive.Options(slots: 2)));
        var exception = Assert.Throws<WeightReadException>(() => model.Score(TestModels.TokensOf(Name), 64));
        Assert.Equal(2, reads);
        foreach (var part in (string[])[path, "offset ", "expert ", "expected hash ", ", found ", "the record is damaged"])
        {
            Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_record_that_was_read_wrongly_once_is_read_again()
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf(Name), folder.File("out"), s_records);
        var (wrong, drive) = (0, new FailingDrive());
        drive.Respond = block =>
        {
            var read = FakeBackend.Read(block);
            if (wrong++ == 0)
            {
                block.Target.Span(100, 1)[0] ^= 0x10;
            }

            return read;
        };
        using var resident = LoadedModel.Open(Name);
        using var model = LoadedModel.OpenFile(folder.File("out"), LoadedModel.Plain.With(drive.Options(slots: 2)));
        var tokens = TestModels.TokensOf(Name);
        Logits.AssertSameBits(resident.Score(tokens, 64), model.Score(tokens, 64));
    }

    [Fact]
    public void A_record_is_checked_only_once()
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf(Name), folder.File("out"), s_records);
        var (isFirst, drive) = (true, new FailingDrive());
        drive.Respond = block =>
        {
            var read = FakeBackend.Read(block);
            if (!isFirst)
            {
                block.Target.Span(block.Length - 1, 1)[0] ^= 1; // of the zeros that follow an expert
            }

            return read;
        };
        using var model = LoadedModel.OpenFile(folder.File("out"), LoadedModel.Plain.With(drive.Options(slots: 1) with { ReadsAhead = false }));
        var tokens = TestModels.TokensOf(Name);
        var expected = model.Score(tokens, 64);
        var before = model.Store().Counts;
        isFirst = false;
        Logits.AssertSameBits(expected, model.Score(tokens, 64));
        Assert.InRange((model.Store().Counts - before).BytesRead, model.Store().ExpertBytes / 4, long.MaxValue);
    }

    // A folder of records, one of which has a wrong byte: its file, and where.
    private static (string Path, long Offset) Damaged(TemporaryFolder folder)
    {
        var plan = Conversions.Convert(TestModels.PathOf(Name), folder.File("out"), s_records);
        var path = plan.Files[1];
        var bytes = File.ReadAllBytes(path);
        var offset = BitConverter.ToInt64(bytes, 32) + 5; // in the first expert's codes
        bytes[offset] ^= 1;
        File.WriteAllBytes(path, bytes);
        return (path, offset);
    }
}
