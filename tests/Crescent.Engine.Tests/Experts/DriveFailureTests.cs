using Crescent.Engine.Runtime;
using Crescent.Engine.Weights;
using Crescent.Kernels.Storage;
using Crescent.Kernels.Tests.Storage;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Crescent.Tests.Runtime;
using Xunit;

namespace Crescent.Tests.Experts;

/// <summary>A drive that fails ends the answers of the step that needed it, and nothing else.</summary>
public sealed class DriveFailureTests
{
    private const string Name = "g-qwen3moe";
    private const int InputOutputError = -5;

    public static TheoryData<string> Models => TestModels.Rows(Streamed.Few);

    [Theory]
    [MemberData(nameof(Models))]
    public void A_read_that_fails_ends_the_answer_and_later_ones_are_right(string name)
    {
        var tokens = TestModels.TokensOf(name);
        var request = Recording.Greedy(tokens[..50], 20);
        using var resident = LoadedModel.Open(name);
        var expected = Recording.RunAlone(resident, request);
        var drive = new FailingDrive();
        using var model = Streamed.Open(name, drive.Options(slots: 2));
        using var generator = model.Generator(chunk: 32);

        // The second chunk of the prompt fails; the first one's page was computed, and is all that may be shared.
        var failed = generator.Add(request);
        Assert.True(generator.Step());
        drive.Respond = _ => InputOutputError;
        Step(generator, failed);
        Assert.Equal(FinishReason.Failed, failed.FinishReason);
        Assert.Contains(Path.GetFileName(TestModels.PathOf(name)), failed.Error, StringComparison.Ordinal);
        Assert.Contains("at byte ", failed.Error, StringComparison.Ordinal);
        Assert.Contains("expert ", failed.Error, StringComparison.Ordinal);

        drive.Respond = block => FakeBackend.Read(block);
        var later = Recording.Run(model, generator, request)[0];
        Assert.InRange(later.Sequence.CachedTokens, 0, 32);
        Recording.AssertSame(expected, later);
    }

    [Fact]
    public void Sequences_that_are_not_in_the_failed_step_go_on()
    {
        var tokens = TestModels.TokensOf(Name);
        var requests = new[] { Recording.Greedy(tokens[..40], 6), Recording.Greedy(tokens[5..60], 6) };
        using var resident = LoadedModel.Open(Name);
        var expected = Array.ConvertAll(requests, request => Recording.RunAlone(resident, request));
        var drive = new FailingDrive();
        using var model = LoadedModel.Open(Name, (LoadedModel.Plain with { MaxBatchTokens = 40 }).With(drive.Options(slots: 1)));
        using var generator = model.Generator(sequences: 2);

        // The first prompt fills the step, and fails; the second one has not begun.
        var sequences = Array.ConvertAll(requests, generator.Add);
        drive.Respond = _ => InputOutputError;
        Step(generator, sequences[0]);
        drive.Respond = block => FakeBackend.Read(block);
        Assert.Equal(FinishReason.Failed, sequences[0].FinishReason);
        Assert.Null(sequences[1].FinishReason);
        while (generator.Step())
        {
        }

        generator.Pages.CheckIntegrity();
        Assert.Equal(expected[1].Sequence.Tokens.ToArray(), sequences[1].Tokens.ToArray());
        Recording.AssertSame(expected[0], Recording.Run(model, generator, requests[0])[0]);
    }

    [Fact]
    public void Sequences_of_the_failed_step_end_together_and_their_tokens_stand()
    {
        var tokens = TestModels.TokensOf(Name);
        var drive = new FailingDrive();
        using var model = Streamed.Open(Name, drive.Options(slots: 1));
        using var generator = model.Generator(sequences: 2);
        var sequences = new[] { generator.Add(Recording.Greedy(tokens[..7], 30)), generator.Add(Recording.Greedy(tokens[3..12], 30)) };
        for (var i = 0; i < 5; i++)
        {
            generator.Step();
        }

        var before = Array.ConvertAll(sequences, sequence => sequence.Tokens.ToArray());
        drive.Respond = _ => InputOutputError;
        Step(generator, sequences[0]);
        Assert.All(sequences, sequence => Assert.Equal(FinishReason.Failed, sequence.FinishReason));
        Assert.All(sequences.Zip(before), pair => Assert.Equal(pair.Second, pair.First.Tokens.ToArray()));
        Assert.False(generator.Step());
        generator.Pages.CheckIntegrity();
    }

    [Fact]
    public void Short_reads_and_reads_that_fail_for_a_while_change_nothing()
    {
        var tokens = TestModels.TokensOf(Name);
        using var resident = LoadedModel.Open(Name);
        var expected = resident.Score(tokens, 16);
        var (random, drive) = (new Random(3), new FailingDrive());
        drive.Respond = block => random.Next(4) == 0 && block.Failures == 0 ? InputOutputError : FakeBackend.Read(block, Math.Min(block.Length, 4096 * random.Next(1, 4)));
        using var model = Streamed.Open(Name, drive.Options(slots: 2));
        Logits.AssertSameBits(expected, model.Score(tokens, 16));
    }

    [Fact]
    public void A_stalled_drive_fails_the_step_in_time_and_is_used_again_when_it_is_back()
    {
        var tokens = TestModels.TokensOf(Name);
        var request = Recording.Greedy(tokens[..20], 10);
        using var resident = LoadedModel.Open(Name);
        var expected = Recording.RunAlone(resident, request);
        var stalled = 0;
        var drive = new FailingDrive();
        using var model = Streamed.Open(Name, drive.Options(slots: 3, stall: TimeSpan.FromMilliseconds(200)));
        using var generator = model.Generator();
        drive.Respond = _ =>
        {
            Interlocked.Increment(ref stalled);
            return null;
        };
        for (var i = 0; i < 3; i++)
        {
            var failed = generator.Add(request);
            Step(generator, failed);
            Assert.Equal(FinishReason.Failed, failed.FinishReason);
            Assert.Contains("the drive has not answered for 0.2 s (expert ", failed.Error, StringComparison.Ordinal);
            Assert.Contains(", at byte ", failed.Error, StringComparison.Ordinal);
        }

        drive.Respond = block => FakeBackend.Read(block);
        for (; stalled > 0; stalled--)
        {
            drive.Release();
        }

        Recording.AssertSame(expected, Recording.Run(model, generator, request)[0]);
    }

    [Fact]
    public void A_model_whose_drive_is_stalled_is_disposed_of()
    {
        var drive = new FailingDrive { Respond = static _ => null };
        using var model = Streamed.Open(Name, drive.Options(slots: 3, stall: TimeSpan.FromMilliseconds(50)));
        Assert.Throws<WeightReadException>(() => model.Score([1, 2, 3], 3));
    }

    [Fact]
    public void Whoever_gives_up_need_not_wait_for_the_drive()
    {
        using var cancellation = new CancellationTokenSource();
        var drive = new FailingDrive();
        using var model = Streamed.Open(Name, drive.Options(slots: 3));
        using var generator = model.Generator();
        drive.Respond = _ =>
        {
            cancellation.Cancel();
            return null;
        };
        var sequence = generator.Add(Recording.Greedy(TestModels.TokensOf(Name)[..20], 10));
        model.Model.Cancellation = cancellation.Token;
        Assert.True(generator.Step());
        Assert.Equal(FinishReason.Cancelled, sequence.FinishReason);
        Assert.Null(sequence.Error);
        Assert.False(generator.Step());
        generator.Pages.CheckIntegrity();
    }

    [Theory]
    [InlineData("g-qwen3moe", 4096)]
    [InlineData("g-kimi-k2-q4_0", 65536)]
    [InlineData("grok-2-parallel", 4096)]
    public void A_file_that_is_truncated_while_in_use_ends_the_answer(string name, int length)
    {
        using var folder = new TemporaryFolder();
        var (path, file) = Copy(name, folder);
        using var model = LoadedModel.OpenFile(path, LoadedModel.Plain.With(Streamed.Slots(1)));
        model.Model.MoveWeightsInBackground(forget: true); // as every command does: from here on nothing is read through the mapping
        model.Model.WaitUntilMoved();
        using var generator = model.Generator();
        var sequence = generator.Add(Recording.Greedy(TestModels.TokensOf(name)[..5], 100));
        for (var i = 0; i < 4; i++)
        {
            generator.Step();
        }

        using (var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(length);
        }

        Step(generator, sequence);
        Assert.Equal(FinishReason.Failed, sequence.FinishReason);
        Assert.Contains(Path.GetFileName(file), sequence.Error, StringComparison.Ordinal);
        Assert.Contains("at byte ", sequence.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_removed_while_in_use_is_read_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "a file in use cannot be removed here");
        using var folder = new TemporaryFolder();
        var (path, file) = Copy(Name, folder);
        var request = Recording.Greedy(TestModels.TokensOf(Name)[..5], 20);
        using var resident = LoadedModel.Open(Name);
        using var model = LoadedModel.OpenFile(path, LoadedModel.Plain.With(Streamed.Slots(1)));
        File.Delete(file);
        Recording.AssertSame(Recording.RunAlone(resident, request), Recording.RunAlone(model, request));
    }

    // The copy, and its file with the experts.
    private static (string Path, string File) Copy(string name, TemporaryFolder folder)
    {
        var source = TestModels.PathOf(name);
        if (File.Exists(source))
        {
            File.Copy(source, folder.File($"{name}.gguf"));
            return (folder.File($"{name}.gguf"), folder.File($"{name}.gguf"));
        }

        Directory.CreateDirectory(folder.File(name));
        Array.ForEach(Directory.GetFiles(source), file => File.Copy(file, Path.Combine(folder.File(name), Path.GetFileName(file))));
        var largest = Directory.GetFiles(folder.File(name)).MaxBy(file => new FileInfo(file).Length)!;
        return (folder.File(name), largest);
    }

    private static void Step(Generator generator, Sequence sequence)
    {
        for (var i = 0; i < 1000 && sequence.FinishReason is null; i++)
        {
            generator.Step();
        }
    }
}
