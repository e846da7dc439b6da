using System.Buffers.Binary;
using System.Text.Json;
using Crescent.Engine.Checkpoints.Safetensors;
using Xunit;

namespace Crescent.Tests.Checkpoints;

public sealed class SafetensorsWriterTests
{
    [Fact]
    public void A_written_file_has_the_bytes_of_the_formats_own_example()
    {
        // huggingface/safetensors, commit 24b0b28, safetensors/src/tensor.rs, test_serialization.
        byte[] values = [0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64];
        byte[] expected = [.. "@\0\0\0\0\0\0\0{\"attn.0\":{\"dtype\":\"F32\",\"shape\":[1,2,3],\"data_offsets\":[0,24]}}"u8, .. values];
        using var folder = new TemporaryFolder();
        var writer = new SafetensorsWriter();
        writer.AddTensor("attn.0", SafetensorsType.F32, [1, 2, 3], sink => sink(values));
        writer.Write(folder.File("model.safetensors"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(expected, File.ReadAllBytes(folder.File("model.safetensors")));
    }

    [Fact]
    public void Another_parser_finds_what_was_written()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.safetensors");
        var writer = new SafetensorsWriter().Set("format", "pt").Set("note", "Grüße \"☾\"\n");
        writer.AddTensor("a\"b", SafetensorsType.U8, [3], sink => sink([1, 2, 3]));
        writer.AddTensor("scalar", SafetensorsType.BF16, [], sink => sink([4, 5]));
        writer.AddTensor("none", SafetensorsType.I64, [0, 7], _ => { });
        Assert.Equal(5, writer.TensorBytes);
        Assert.Equal([path], writer.Write(path, cancellationToken: TestContext.Current.CancellationToken));
        var bytes = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal((0, 8 + length + 5), (length % 8, bytes.Length));
        using var header = JsonDocument.Parse(bytes.AsMemory(8, length));
        Assert.Equal("Grüße \"☾\"\n", header.RootElement.GetProperty("__metadata__").GetProperty("note").GetString());
        Assert.Equal("""{"dtype":"U8","shape":[3],"data_offsets":[0,3]}""", header.RootElement.GetProperty("a\"b").GetRawText());
        Assert.Equal("""{"dtype":"BF16","shape":[],"data_offsets":[3,5]}""", header.RootElement.GetProperty("scalar").GetRawText());
        Assert.Equal("""{"dtype":"I64","shape":[0,7],"data_offsets":[5,5]}""", header.RootElement.GetProperty("none").GetRawText());
        Assert.Equal([1, 2, 3, 4, 5], bytes[(8 + length)..]);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.safetensors");
        var types = Enum.GetValues<SafetensorsType>().Where(type => type != SafetensorsType.Unknown).ToArray();
        var writer = new SafetensorsWriter().Set("a", "b");
        foreach (var type in types)
        {
            writer.AddTensor($"tensor.{type}", type, [2, 3], sink => sink(Filled((byte)type, 6 * type.Bytes())));
        }

        writer.Write(path, cancellationToken: TestContext.Current.CancellationToken);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(types, file.Tensors.Select(tensor => tensor.Type));
        Assert.Equal("b", file.Metadata["a"]);
        Assert.All(file.Tensors, tensor =>
        {
            Assert.Equal([2, 3], tensor.Shape);
            Assert.Equal(Filled((byte)tensor.Type, 6 * tensor.Type.Bytes()), tensor.Bytes.Span(0, (int)tensor.Bytes.Length).ToArray());
        });
    }

    [Fact]
    public void Shards_and_their_index_open_as_one()
    {
        using var folder = new TemporaryFolder();
        var files = Five().Write(folder.File("model.safetensors"), new SafetensorsWriterOptions { SplitBytes = 20 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            ["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"], files.Select(file => Path.GetFileName(file)));
        using var opened = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(folder.File("model.safetensors.index.json"), Assert.Single(Directory.GetFiles(folder.Path, "*.json")));
        Assert.Equal(files, opened.Files.Select(file => file.Path));
        Assert.Equal(5, opened.Tensors.Count);
        for (var i = 0; i < 5; i++)
        {
            var tensor = Assert.Single(opened.Tensors[$"t{i}"]);
            Assert.Equal(Filled((byte)i, 10), tensor.Bytes.Span(0, 10).ToArray());
        }

        using var index = JsonDocument.Parse(File.ReadAllBytes(folder.File("model.safetensors.index.json")));
        Assert.Equal(50, index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
        Assert.Equal("model-00002-of-00003.safetensors", index.RootElement.GetProperty("weight_map").GetProperty("t2").GetString());
    }

    [Fact]
    public void Progress_counts_the_bytes_of_all_shards()
    {
        using var folder = new TemporaryFolder();
        var seen = new List<long>();
        Five().Write(folder.File("m.safetensors"), new SafetensorsWriterOptions { SplitBytes = 20 }, new Progress(seen.Add), TestContext.Current.CancellationToken);
        Assert.Equal([10L, 20, 30, 40, 50], seen);
    }

    [Fact]
    public void A_full_drive_is_an_error_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        var writer = new SafetensorsWriter();
        writer.AddTensor("t", SafetensorsType.F32, [1, 1 << 20], _ => Assert.Fail("nothing may be written"));
        var error = Assert.Throws<IOException>(() => writer.Write(
            folder.File("m.safetensors"), new SafetensorsWriterOptions { FreeBytes = _ => 1000 }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("1000 free", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failure_leaves_no_file(bool cancel)
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        var writer = new SafetensorsWriter();
        writer.AddTensor("a", SafetensorsType.U8, [8], sink => sink(new byte[8]));
        writer.AddTensor("b", SafetensorsType.U8, [8], sink =>
        {
            sink(new byte[4]);
            Assert.NotEmpty(Directory.GetFiles(folder.Path, "*.partial"));
            if (cancel)
            {
                cancellation.Cancel();
            }

            sink(new byte[cancel ? 4 : 5]);
        });
        var error = Record.Exception(() => writer.Write(folder.File("m.safetensors"), cancellationToken: cancellation.Token));
        Assert.IsType(cancel ? typeof(OperationCanceledException) : typeof(InvalidOperationException), error);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void What_cannot_be_stored_is_refused()
    {
        var writer = new SafetensorsWriter().Set("a", "1");
        Assert.Throws<ArgumentException>(() => writer.Set("a", "2"));
        writer.AddTensor("t", SafetensorsType.U8, [1], _ => { });
        Assert.Throws<ArgumentException>(() => writer.AddTensor("t", SafetensorsType.U8, [1], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("", SafetensorsType.U8, [1], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("__metadata__", SafetensorsType.U8, [1], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("u", SafetensorsType.U8, [-1], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("v", SafetensorsType.U8, [1, 1, 1, 1, 1, 1, 1, 1, 1], _ => { }));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.AddTensor("w", SafetensorsType.Unknown, [1], _ => { }));
        Assert.Throws<OverflowException>(() => writer.AddTensor("x", SafetensorsType.U8, [long.MaxValue, 2], _ => { }));
    }

    private static SafetensorsWriter Five()
    {
        var writer = new SafetensorsWriter();
        for (var i = 0; i < 5; i++)
        {
            var bytes = Filled((byte)i, 10);
            writer.AddTensor($"t{i}", SafetensorsType.U8, [2, 5], sink => sink(bytes));
        }

        return writer;
    }

    private static byte[] Filled(byte value, int length) => [.. Enumerable.Repeat(value, length)];

    // System.Progress reports on another thread.
    private sealed class Progress(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
