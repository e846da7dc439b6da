using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;
using Xunit;

namespace Crescent.Tests.Checkpoints;

public sealed class GgufWriterTests
{
    [Fact]
    public void Every_kind_of_value_is_read_back()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("kinds.gguf");
        new GgufWriter()
            .Set("u8", (byte)200).Set("i8", (sbyte)-3).Set("u16", (ushort)60000).Set("i16", (short)-30000)
            .Set("u32", uint.MaxValue).Set("i32", int.MinValue).Set("u64", ulong.MaxValue).Set("i64", long.MinValue)
            .Set("f32", 0.1f).Set("f64", 0.1).Set("bool", true).Set("str", "Grüße 🌙").Set("empty", "")
            .Set("strings", new[] { "a", "", "ĠĊ" }).Set("ints", new[] { -1, 2 }).Set("uints", new[] { uint.MaxValue })
            .Set("floats", new[] { 0.5f, -2f }).Set("bools", new[] { true, false })
            .Write(path, cancellationToken: TestContext.Current.CancellationToken);
        using var checkpoint = GgufCheckpoint.Open(path);
        var metadata = checkpoint.Metadata;
        Assert.Equal(
            (200, -3, 60000, -30000, uint.MaxValue, int.MinValue, long.MinValue),
            (metadata.GetInt32("u8"), metadata.GetInt32("i8"), metadata.GetInt32("u16"), metadata.GetInt32("i16"), metadata.GetUInt32("u32"), metadata.GetInt32("i32"), metadata.GetInt64("i64")));
        Assert.Equal((0.1f, 0.1, true, "Grüße 🌙", ""), (metadata.GetSingle("f32"), metadata.GetDouble("f64"), metadata.GetBool("bool"), metadata.GetString("str"), metadata.GetString("empty")));
        Assert.Throws<CheckpointException>(() => metadata.GetInt64("u64"));
        Assert.Throws<CheckpointException>(() => metadata.GetUInt32("i8"));
        Assert.True(metadata.TryGetStringArray("strings", out var strings));
        Assert.Equal(["a", "", "ĠĊ"], strings);
        Assert.True(metadata.TryGetInt32Array("ints", out var ints));
        Assert.Equal([-1, 2], ints);
        Assert.Throws<CheckpointException>(() => metadata.TryGetInt32Array("uints", out _));
        Assert.True(metadata.TryGetInt32Array("bools", out var bools));
        Assert.Equal([1, 0], bools);
        Assert.True(metadata.TryGetSingleArray("floats", out var floats));
        Assert.Equal([0.5f, -2f], floats);
        Assert.Contains(("strings", "arr[str] of 3", "[\"a\", \"\", \"ĠĊ\"]"), metadata.Describe());
    }

    [Fact]
    public void Control_characters_of_a_value_are_shown_not_sent()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("escape.gguf");
        new GgufWriter().Set("evil", "\u001b[2J\n").Write(path, cancellationToken: TestContext.Current.CancellationToken);
        using var checkpoint = GgufCheckpoint.Open(path);
        Assert.Equal(("evil", "str", "\"\\u001b[2J\\n\""), Assert.Single(checkpoint.Metadata.Describe()));
    }

    [Fact]
    public void Shards_open_as_one_model()
    {
        using var folder = new TemporaryFolder();
        var files = WriteShards(folder);
        Assert.Equal(["model-00001-of-00003.gguf", "model-00002-of-00003.gguf", "model-00003-of-00003.gguf"], files.Select(file => Path.GetFileName(file)));
        using var checkpoint = GgufCheckpoint.Open(files[0]);
        Assert.Equal(files, checkpoint.Files);
        Assert.Equal(5, checkpoint.Tensors.Count);
        Assert.Equal("test", checkpoint.Metadata.GetString("general.name"));
        for (var i = 0; i < 5; i++)
        {
            var tensor = checkpoint.Tensors[$"t{i}"];
            Assert.Equal([2, 32], tensor.Shape);
            Assert.True(!tensor.Bytes.Span(0, 256).ContainsAnyExcept((byte)i));
        }
    }

    [Fact]
    public void Another_shard_than_the_first_names_the_first()
    {
        using var folder = new TemporaryFolder();
        var files = WriteShards(folder);
        var message = Assert.Throws<CheckpointException>(() => GgufCheckpoint.Open(files[1])).Message;
        Assert.Contains($"open {files[0]}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_or_wrong_shard_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = WriteShards(folder);
        var second = File.ReadAllBytes(files[1]);
        File.Delete(files[1]);
        Assert.Contains($"found no {files[1]}", Message(files[0]), StringComparison.Ordinal);
        File.Copy(files[2], files[1]);
        Assert.Contains("split.no: expected 1, found 2", Message(files[0]), StringComparison.Ordinal);
        File.WriteAllBytes(files[1], second);

        // Tensor names are "t2", "t3" in the second shard: rename one to a name of the first, or to none that was promised.
        var at = second.AsSpan().IndexOf("t2"u8);
        second[at + 1] = (byte)'0';
        File.WriteAllBytes(files[1], second);
        Assert.Contains("'t0': expected each tensor in one shard", Message(files[0]), StringComparison.Ordinal);

        var renamed = folder.File("renamed.gguf");
        File.Move(files[0], renamed);
        Assert.Contains("-00001-of-00003.gguf", Message(renamed), StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_that_hold_another_number_of_tensors_are_refused()
    {
        using var folder = new TemporaryFolder();
        var files = WriteShards(folder);
        var first = File.ReadAllBytes(files[0]);
        var at = first.AsSpan().IndexOf("split.tensors.count"u8) + "split.tensors.count".Length + 4;
        first[at] = 9;
        File.WriteAllBytes(files[0], first);
        Assert.Contains("tensors of all shards together: expected 9, found 5", Message(files[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_drive_is_an_error_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        var writer = new GgufWriter();
        writer.AddTensor("t", DType.F32, [1, 1 << 20], _ => Assert.Fail("nothing may be written"));
        var error = Assert.Throws<IOException>(() => writer.Write(folder.File("m.gguf"), new GgufWriterOptions { FreeBytes = _ => 1000 }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("1000 free", error.Message, StringComparison.Ordinal);
        Assert.Contains("needs 4194400 bytes", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
        Assert.Throws<DirectoryNotFoundException>(() => writer.Write(Path.Combine(folder.Path, "no", "m.gguf"), cancellationToken: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failure_leaves_no_file(bool cancel)
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        var writer = new GgufWriter();
        writer.AddTensor("a", DType.F32, [8], sink => sink(new byte[32]));
        writer.AddTensor("b", DType.F32, [8], sink =>
        {
            sink(new byte[16]);
            Assert.NotEmpty(Directory.GetFiles(folder.Path, "*.partial"));
            if (cancel)
            {
                cancellation.Cancel();
            }

            sink(new byte[cancel ? 16 : 17]);
        });
        var error = Record.Exception(() => writer.Write(folder.File("m.gguf"), cancellationToken: cancellation.Token));
        Assert.IsType(cancel ? typeof(OperationCanceledException) : typeof(InvalidOperationException), error);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Names_and_keys_come_once()
    {
        var writer = new GgufWriter().Set("a", 1);
        Assert.Throws<ArgumentException>(() => writer.Set("a", 2));
        writer.AddTensor("t", DType.F32, [8], _ => { });
        Assert.Throws<ArgumentException>(() => writer.AddTensor("t", DType.F32, [8], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("u", DType.Q4_0, [8], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("v", DType.F32, [], _ => { }));
    }

    private static IReadOnlyList<string> WriteShards(TemporaryFolder folder)
    {
        var writer = new GgufWriter().Set("general.name", "test");
        for (var i = 0; i < 5; i++)
        {
            var bytes = Enumerable.Repeat((byte)i, 256).ToArray();
            writer.AddTensor($"t{i}", DType.F32, [2, 32], sink => sink(bytes));
        }

        return writer.Write(folder.File("model.gguf"), new GgufWriterOptions { SplitBytes = 512 });
    }

    [Fact]
    public void A_device_is_never_replaced_by_a_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "there is no /dev");
        Assert.Contains("a place for devices", Assert.Throws<IOException>(() => new GgufWriter().Set("general.architecture", "llama").Write("/dev/null", cancellationToken: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    private static string Message(string path) => Assert.Throws<CheckpointException>(() => GgufCheckpoint.Open(path)).Message;
}
