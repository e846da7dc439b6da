using Crescent.Engine.Experts;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Experts;

/// <summary>A model that ran before starts with the experts it had at its end.</summary>
public sealed class WarmStartTests
{
    private const string Name = "g-qwen3moe";
    private const int Slots = 3;
    private const int Layers = 3;

    [Fact]
    public void The_experts_of_the_last_run_are_read_ahead()
    {
        using var folder = new TemporaryFolder();
        var options = Streamed.Slots(Slots) with { UsagePath = folder.File("new/usage.txt"), ReadsAhead = false };
        var (cold, expected) = Run(options);
        Assert.Equal(0, cold);
        Assert.True(File.Exists(options.UsagePath));
        Assert.Empty(Directory.GetFiles(folder.File("new"), "*.partial"));
        var (warm, actual) = Run(options);
        Logits.AssertSameBits(expected, actual);
        Assert.InRange(warm, 1, Slots * Layers);
    }

    [Theory]
    [InlineData("")]
    [InlineData("crescent experts 1\n")]
    [InlineData("crescent experts 2\nKEY\nLAYERS")]
    [InlineData("crescent experts 1\n00000000000000000000000000000000\nLAYERS")]
    [InlineData("crescent experts 1\nKEY\n0 1\n")]
    [InlineData("crescent experts 1\nKEY\nLAYERS\n0")]
    [InlineData("crescent experts 1\nKEY\nBAD 99999")]
    [InlineData("crescent experts 1\nKEY\nBAD -1")]
    [InlineData("crescent experts 1\nKEY\nBAD 99999999999999999999")]
    [InlineData("crescent experts 1\nKEY\nBAD x")]
    [InlineData("crescent experts 1\nKEY\nBAD \0\uFFFD")]
    public void What_does_not_fit_the_model_is_ignored(string content)
    {
        using var folder = new TemporaryFolder();
        var options = Streamed.Slots(Slots) with { UsagePath = folder.File("usage.txt"), ReadsAhead = false };
        var (_, expected) = Run(options);
        var lines = File.ReadAllLines(options.UsagePath!);
        File.WriteAllText(
            options.UsagePath!,
            content.Replace("KEY", lines[1], StringComparison.Ordinal)
                .Replace("LAYERS", string.Join('\n', lines[2..]), StringComparison.Ordinal)
                .Replace("BAD", string.Join('\n', lines[2..]), StringComparison.Ordinal));
        var (read, actual) = Run(options);
        Logits.AssertSameBits(expected, actual);
        Assert.Equal(0, read);
    }

    [Fact]
    public void An_expert_that_is_named_again_and_again_is_read_once()
    {
        using var folder = new TemporaryFolder();
        var options = Streamed.Slots(Slots) with { UsagePath = folder.File("usage.txt"), ReadsAhead = false };
        var (_, expected) = Run(options);
        var lines = File.ReadAllLines(options.UsagePath!);
        File.WriteAllLines(options.UsagePath!, [lines[0], lines[1], .. lines[2..].Select(_ => string.Join(' ', Enumerable.Repeat(1, 1000)))]);
        var (read, actual) = Run(options);
        Logits.AssertSameBits(expected, actual);
        Assert.InRange(read, 1, Layers);
    }

    [Fact]
    public void A_file_that_cannot_be_written_or_read_is_no_failure()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("usage.txt"));
        var (_, expected) = Run(Streamed.Slots(Slots) with { UsagePath = folder.File("usage.txt"), ReadsAhead = false });
        using var resident = LoadedModel.Open(Name);
        Logits.AssertSameBits(resident.Decode(TestModels.TokensOf(Name).AsSpan(0, 8)), expected);
    }

    [Fact]
    public void Another_file_under_the_same_name_starts_cold()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.gguf");
        File.Copy(TestModels.PathOf(Name), path);
        var options = Streamed.Slots(Slots) with { UsagePath = folder.File("usage.txt"), ReadsAhead = false };
        var (cold, _) = Run(options, path);
        var (warm, _) = Run(options, path);
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var (stale, _) = Run(options, path);
        Assert.Equal(0, cold);
        Assert.InRange(warm, 1, Slots * Layers);
        Assert.Equal(0, stale);
    }

    // Experts read at the start, and logits.
    private static (long Read, float[] Logits) Run(ExpertStoreOptions options, string? path = null)
    {
        using var model = path is null ? Streamed.Open(Name, options) : LoadedModel.OpenFile(path, LoadedModel.Plain.With(options));
        var logits = model.Decode(TestModels.TokensOf(Name).AsSpan(0, 8));
        Assert.Equal(Layers, model.Store().Layers);
        return (model.Store().WarmUpReads, logits);
    }
}
