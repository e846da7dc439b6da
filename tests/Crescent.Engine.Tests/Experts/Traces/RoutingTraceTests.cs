using System.Buffers.Binary;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Experts.Traces;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Experts.Traces;

public sealed class RoutingTraceTests
{
    private const int UsualSeeds = 500;

    [Fact]
    public void A_file_holds_what_was_recorded()
    {
        using var folder = new TemporaryFolder();
        var options = new SyntheticRoutingOptions { Layers = 3, Experts = 40, TopK = 4, Tokens = 20, PromptTokens = 9, Seed = 1 };
        var expected = new RoutingTrace();
        SyntheticRouting.Write(options, expected);
        var found = RoutingTrace.Load(Write(folder, options));
        Assert.True(found.IsComplete);
        Assert.Equal((40, 4, 29L), (found.Experts, found.TopK, found.Tokens));
        Assert.Equal([1, 2, 3], found.Layers.Select(layer => layer.Layer));
        foreach (var (one, other) in expected.Layers.Zip(found.Layers))
        {
            Assert.Equal(21, other.Steps);
            for (var i = 0; i < one.Steps; i++)
            {
                Assert.Equal(one.StepOf(i), other.StepOf(i));
                Assert.Equal(one.UsesOf(i).ToArray().Select(use => use.Expert), other.UsesOf(i).ToArray().Select(use => use.Expert));
                Assert.All(one.UsesOf(i).ToArray().Zip(other.UsesOf(i).ToArray()), pair => Assert.Equal(pair.First.GateShare, pair.Second.GateShare, 9 * 0.5 / 65535 * 1.01));
            }

            Assert.Equal(1, other.UsesOf(5).ToArray().Sum(use => use.GateShare), 1e-4);
        }
    }

    [Fact]
    public void Bytes_lie_as_documented()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("trace");
        using (var writer = new RoutingTraceWriter(path))
        {
            writer.BeginStep();
            writer.BeginStep();
            writer.Record(7, 300, 2, [299, 4], [3, 1]);
        }

        byte[] expected =
        [
            .. "CRXROUTE"u8, 1, 0, 0, 0, 0x2C, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0, 0, 0, 0, 0,
            1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0x2B, 1, 0xFF, 0xBF, 4, 0, 0, 0x40,
        ];
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    [Fact]
    public void Experts_that_several_tokens_of_a_step_choose_are_one_use_with_the_sum_of_their_shares()
    {
        var trace = new RoutingTrace();
        trace.BeginStep();
        trace.Record(0, 8, 2, [5, 1, 1, 2], [3, 1, 1, 1]);
        Assert.Equal([new ExpertUse(5, 0.75f), new ExpertUse(1, 0.75f), new ExpertUse(2, 0.5f)], trace.Layers.Single().UsesOf(0).ToArray());
    }

    [Fact]
    public void A_recording_that_was_killed_is_read_up_to_its_last_whole_record()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, new() { Layers = 2, Experts = 8, TopK = 2, Tokens = 10 });
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(24, 8).Clear();
        File.WriteAllBytes(path, bytes[..^5]);
        var trace = RoutingTrace.Load(path);
        Assert.False(trace.IsComplete);
        Assert.Equal([10, 9], trace.Layers.Select(layer => layer.Steps));
    }

    [Theory]
    [InlineData(0, 0x58, "expected a routing trace")]
    [InlineData(8, 2, "offset 8: expected version 1, found 2")]
    [InlineData(12, 0, "offset 12: expected 1..65536 experts, found 0")]
    [InlineData(16, 9, "offset 16: expected 1..8 experts a token, found 9")]
    [InlineData(24, 1, "offset 24: expected a file of")]
    [InlineData(44, 0, "offset 44: expected 1..8388608 tokens, found 0")]
    [InlineData(44, 200, "offset 44: expected 200 tokens, found the end of the file")]
    [InlineData(48, 8, "offset 48: expected an expert below 8, found 8")]
    [InlineData(56, 1, "offset 56: expected a step")]
    public void What_is_wrong_is_said_with_its_place(int at, byte value, string message)
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, new() { Layers = 1, Experts = 8, TopK = 2, Tokens = 3 });
        var bytes = File.ReadAllBytes(path);
        bytes[at] = value;
        if (at == 56)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), 5); // so that the second record steps back
        }

        File.WriteAllBytes(path, bytes);
        var exception = Assert.Throws<CheckpointException>(() => RoutingTrace.Load(path));
        Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expert_that_a_token_chose_twice_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, new() { Layers = 1, Experts = 8, TopK = 2, Tokens = 3 });
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(48, 2).CopyTo(bytes.AsSpan(52));
        File.WriteAllBytes(path, bytes);
        Assert.Contains("offset 52: expert", Assert.Throws<CheckpointException>(() => RoutingTrace.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_open_or_are_refused()
    {
        using var folder = new TemporaryFolder();
        var original = File.ReadAllBytes(Write(folder, new() { Layers = 3, Experts = 16, TopK = 2, Tokens = 40, PromptTokens = 5 }));
        var unclosed = (byte[])original.Clone();
        unclosed.AsSpan(24, 8).Clear();
        var opened = Fuzz.Run(
            "damaged.trace",
            Fuzz.Seeds(UsualSeeds),
            mostBytes: 8 << 20,
            seed => Corruption.Corrupt(seed % 2 == 0 ? original : unclosed, seed),
            path => _ = RoutingReplay.RunOptimal(RoutingTrace.Load(path), 4));
        Assert.True(opened > 0, "expected some damage to leave the file readable");
    }

    [Fact]
    public void Layers_of_another_kind_are_refused()
    {
        using var folder = new TemporaryFolder();
        using var writer = new RoutingTraceWriter(folder.File("trace"));
        writer.BeginStep();
        writer.Record(1, 8, 2, [0, 1], [1, 1]);
        Assert.Throws<NotSupportedException>(() => writer.Record(2, 16, 2, [0, 1], [1, 1]));
    }

    [Fact]
    public void Weights_that_are_no_numbers_are_shares_of_nothing()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("trace");
        using (var writer = new RoutingTraceWriter(path))
        {
            writer.BeginStep();
            writer.Record(1, 8, 2, [0, 1], [float.NaN, 0]);
            writer.Record(2, 8, 2, [0, 1], [0, 0]);
        }

        Assert.All(RoutingTrace.Load(path).Layers, layer => Assert.Equal([new ExpertUse(0, 0), new ExpertUse(1, 0)], layer.UsesOf(0).ToArray()));
    }

    private static string Write(TemporaryFolder folder, SyntheticRoutingOptions options)
    {
        var path = folder.File("trace");
        using var writer = new RoutingTraceWriter(path);
        SyntheticRouting.Write(options, writer);
        return path;
    }
}
