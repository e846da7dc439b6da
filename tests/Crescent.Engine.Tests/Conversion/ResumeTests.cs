using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Conversion;

public sealed class ResumeTests
{
    private static readonly ConversionOptions s_options = Conversions.Plain with { Type = TargetType.Parse("F16") };

    [Fact]
    public void An_interrupted_conversion_goes_on_where_it_was()
    {
        using var folder = new TemporaryFolder();
        var source = Source(folder);
        Conversions.Convert(source, folder.File("whole.gguf"), s_options);
        var wholeBytes = File.ReadAllBytes(folder.File("whole.gguf"));
        var runs = 0;
        for (var done = 0L; ; runs++)
        {
            using var checkpoint = Checkpoint.Open(source);
            var plan = Conversions.Plan(checkpoint, folder.File("out.gguf"), s_options);
            Assert.InRange(plan.DoneBytes, done, plan.Bytes - 1);
            Assert.Equal(done > 0, plan.Notices.Any(notice => notice.Contains("goes on", StringComparison.Ordinal)));
            var before = plan.DoneBytes;
            using var stop = new CancellationTokenSource();
            var interrupted = Record.Exception(() => plan.Write(new StopAfter(stop, before + (6 << 20)), stop.Token));
            if (interrupted is null)
            {
                break;
            }

            Assert.IsType<OperationCanceledException>(interrupted, exactMatch: false);
            Assert.True(File.Exists(folder.File("out.gguf.part")) && File.Exists(folder.File("out.gguf.journal")) && !File.Exists(folder.File("out.gguf")));
            done = Conversions.Plan(checkpoint, folder.File("out.gguf"), s_options).DoneBytes;
            Assert.True(done > before, $"run {runs}: expected more than {before} bytes done, found {done}");
        }

        Assert.True(runs > 1, $"expected several interruptions, found {runs}");
        Assert.True(wholeBytes.AsSpan().SequenceEqual(File.ReadAllBytes(folder.File("out.gguf"))));
        Assert.False(File.Exists(folder.File("out.gguf.part")) || File.Exists(folder.File("out.gguf.journal")));
    }

    [Fact]
    public void Another_plan_or_source_begins_anew()
    {
        using var folder = new TemporaryFolder();
        var source = Source(folder);
        Interrupt(source, folder.File("out.gguf"));
        using (var checkpoint = Checkpoint.Open(source))
        {
            AssertAnew("something else was asked for", Conversions.Plan(checkpoint, folder.File("out.gguf"), Conversions.Plain with { Type = TargetType.Parse("BF16") }));
        }

        File.SetLastWriteTimeUtc(source, new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        Conversions.Convert(source, folder.File("whole.gguf"), s_options);
        using (var changed = Checkpoint.Open(source))
        {
            var plan = Conversions.Plan(changed, folder.File("out.gguf"), s_options);
            AssertAnew("the source has changed", plan);
            plan.Write(null, TestContext.Current.CancellationToken);
        }

        Assert.Equal(File.ReadAllBytes(folder.File("whole.gguf")), File.ReadAllBytes(folder.File("out.gguf")));
    }

    [Theory]
    [InlineData("part")]
    [InlineData("journal")]
    [InlineData("torn")]
    public void What_is_left_is_believed_only_where_it_is_whole(string damage)
    {
        using var folder = new TemporaryFolder();
        var source = Source(folder);
        Interrupt(source, folder.File("out.gguf"));
        var journal = folder.File("out.gguf.journal");
        var lines = File.ReadAllText(journal);
        switch (damage)
        {
            case "part":
                using (var part = File.OpenWrite(folder.File("out.gguf.part")))
                {
                    part.SetLength(part.Length / 4);
                }

                break;
            case "journal":
                File.WriteAllText(journal, lines[..^2] + "x\n");
                break;
            default:
                // A line that was being written when the power went: not counted, but no harm.
                File.WriteAllText(journal, lines + "0 99999");
                break;
        }

        Conversions.Convert(source, folder.File("whole.gguf"), s_options);
        using var checkpoint = Checkpoint.Open(source);
        var plan = Conversions.Plan(checkpoint, folder.File("out.gguf"), s_options);
        if (damage == "torn")
        {
            Assert.True(plan.DoneBytes > 0);
        }
        else
        {
            AssertAnew(damage == "part" ? "cut short" : "journal is damaged", plan);
        }

        plan.Write(null, TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(folder.File("whole.gguf")), File.ReadAllBytes(folder.File("out.gguf")));
    }

    [Fact]
    public void A_file_that_has_its_name_already_is_not_written_again()
    {
        using var folder = new TemporaryFolder();
        var source = Source(folder);
        var options = s_options with { SplitBytes = 8 << 20 };
        var plan = Conversions.Convert(source, folder.File("whole.gguf"), options);
        Assert.True(plan.Files.Count > 1);

        // Stopped between the renaming of the first shard and of the others.
        Interrupt(source, folder.File("out.gguf"), options, stopAt: long.MaxValue);
        using var checkpoint = Checkpoint.Open(source);
        var again = Conversions.Plan(checkpoint, folder.File("out.gguf"), options);
        var finished = File.ReadAllLines(folder.File("out.gguf.journal")).Select(line => line.Split(' ')).Last(line => line[0] == "0" && line.Length == 2);
        Assert.NotEqual("0", finished[1]);
        File.Move(again.Files[0] + ".part", again.Files[0]);
        again = Conversions.Plan(checkpoint, folder.File("out.gguf"), options);
        var first = File.GetLastWriteTimeUtc(again.Files[0]);
        Assert.True(again.DoneBytes > 0);
        again.Write(null, TestContext.Current.CancellationToken);
        Assert.Equal(first, File.GetLastWriteTimeUtc(again.Files[0]));
        Assert.All(plan.Files.Zip(again.Files), pair => Assert.Equal(File.ReadAllBytes(pair.First), File.ReadAllBytes(pair.Second)));
    }

    [Fact]
    public void A_drive_without_room_is_named_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        var source = Source(folder);
        using var checkpoint = Checkpoint.Open(source);
        var plan = Conversions.Plan(checkpoint, folder.File("out.gguf"), s_options with { FreeBytes = _ => 1000 });
        var message = Assert.Throws<IOException>(() => plan.Write(null, TestContext.Current.CancellationToken)).Message;
        Assert.Contains($"needs {plan.Bytes} bytes, the drive of {folder.Path} has 1000 free", message, StringComparison.Ordinal);
        Assert.Equal([source], Directory.GetFiles(folder.Path));
    }

    private static void AssertAnew(string reason, ConversionPlan plan)
    {
        Assert.Equal(0, plan.DoneBytes);
        Assert.Contains(plan.Notices, notice => notice.Contains("begins anew", StringComparison.Ordinal) && notice.Contains(reason, StringComparison.Ordinal));
    }

    private static string Source(TemporaryFolder folder)
    {
        Assert.True(SynthPreset.TryGet("tiny-kimi-k2", out var preset));
        SynthModel.Write(preset, new SynthOptions { DType = DType.F32, Layers = 2, Seed = 5, Threads = 2 }, folder.File("source.gguf"), cancellationToken: TestContext.Current.CancellationToken);
        return folder.File("source.gguf");
    }

    /// <param name="stopAt">Bytes written by then; the largest number: as soon as the last shard is begun.</param>
    private static void Interrupt(string source, string path, ConversionOptions? options = null, long stopAt = 9 << 20)
    {
        using var checkpoint = Checkpoint.Open(source);
        var plan = Conversions.Plan(checkpoint, path, options ?? s_options);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => plan.Write(new StopAfter(stop, Math.Min(stopAt, plan.Bytes - 1000)), stop.Token));
        Assert.True(Conversions.Plan(checkpoint, path, options ?? s_options).DoneBytes > 0);
    }

    private sealed class StopAfter(CancellationTokenSource stop, long bytes) : IProgress<ConversionProgress>
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
