using System.Buffers.Binary;
using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.GrokPickle;
using Xunit;

namespace Crescent.Tests.Checkpoints;

public sealed class GrokPickleTests
{
    public static TheoryData<string, GrokType, long[]> Arrays => new()
    {
        { "f32-small", GrokType.F32, [2, 3] },
        { "f32-vector", GrokType.F32, [6144] },
        { "f32-large", GrokType.F32, [70000, 2] },
        { "i8-small", GrokType.I8, [300, 4] },
        { "i8-rank-4", GrokType.I8, [2, 1, 3, 2] },
        { "bf16-small", GrokType.BF16, [1, 5] },
    };

    public static TheoryData<string, long[], long[]> Quantized => new()
    {
        { "quantized-small", [2, 4, 3], [2, 1, 3] },
        { "quantized-frames", [8, 75, 100], [8, 1, 3750] },
        { "quantized-large", [8, 300, 256], [8, 1, 32768] },
    };

    [Theory]
    [MemberData(nameof(Arrays))]
    public void An_array_that_numpy_pickled_is_read_where_it_lies(string name, GrokType type, long[] shape)
    {
        var bytes = GrokPickles.Read(name);
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00000_000");
        File.WriteAllBytes(path, bytes);
        GrokPickles.Open(path, tensor =>
        {
            Assert.Equal(path, tensor.File);
            Assert.Null(tensor.Scales);
            Check(bytes, tensor.Weight, type, shape);
        });
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Quantized_weights_that_Python_pickled_are_read_with_their_scales(string name, long[] weight, long[] scales)
    {
        var bytes = GrokPickles.Read(name);
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00002_000");
        File.WriteAllBytes(path, bytes);
        GrokPickles.Open(path, tensor =>
        {
            Check(bytes, tensor.Weight, GrokType.I8, weight);
            Check(bytes, tensor.Scales!, GrokType.BF16, scales);
        });
    }

    [Theory]
    [InlineData("f32-protocol-3", false)]
    [InlineData("quantized-protocol-3", true)]
    public void Older_opcodes_are_read_too(string name, bool quantized)
    {
        var bytes = GrokPickles.Read(name);
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00000_000");
        File.WriteAllBytes(path, bytes);
        GrokPickles.Open(path, tensor =>
        {
            Check(bytes, tensor.Weight, quantized ? GrokType.I8 : GrokType.F32, quantized ? [2, 4, 3] : [2, 3]);
            if (quantized)
            {
                Check(bytes, tensor.Scales!, GrokType.BF16, [2, 1, 3]);
            }
        });
    }

    [Theory]
    [InlineData("numpy.core.multiarray", "numpy._core.multiarray")] // numpy 2
    [InlineData("__main__", "model")] // saved by code that imports the release's model.py
    [InlineData("ml_dtypes", "jax.numpy")]
    [InlineData("ml_dtypes", "jaxlib.xla_extension")]
    public void Names_of_other_versions_are_the_same_things(string name, string other)
    {
        var golden = GrokPickles.Read("quantized-small");
        var at = golden.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name));
        byte[] renamed = [.. golden[..(at - 1)], (byte)other.Length, .. Encoding.ASCII.GetBytes(other), .. golden[(at + name.Length)..]];
        BinaryPrimitives.WriteInt64LittleEndian(renamed.AsSpan(3), renamed.Length - 11); // the frame
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00002_000");
        File.WriteAllBytes(path, renamed);
        GrokPickles.Open(path, tensor =>
        {
            Check(renamed, tensor.Weight, GrokType.I8, [2, 4, 3]);
            Check(renamed, tensor.Scales!, GrokType.BF16, [2, 1, 3]);
        });
    }

    [Theory]
    [MemberData(nameof(Arrays))]
    public void A_written_array_has_the_bytes_of_numpy(string name, GrokType type, long[] shape)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00000_000");
        GrokPickleWriter.Write(path, GrokPickles.Array(type, shape), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(GrokPickles.Read(name), File.ReadAllBytes(path));
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Written_quantized_weights_have_the_bytes_of_Python(string name, long[] weight, long[] scales)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00002_000");
        GrokPickleWriter.WriteQuantized(
            path, GrokPickles.Array(GrokType.I8, weight), GrokPickles.Array(GrokType.BF16, scales), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(GrokPickles.Read(name), File.ReadAllBytes(path));
    }

    // The sizes and the offset were read off the published files.
    [Fact]
    public void The_layout_has_the_sizes_of_the_release()
    {
        var embedding = GrokPickleWriter.Layout(Announce(GrokType.F32, 131072, 6144));
        Assert.Equal(151, embedding.Pieces.TakeWhile(piece => piece.Payload < 0).Sum(piece => piece.Bytes.Length) + embedding.Pieces.First(piece => piece.Payload == 0).Bytes.Length);
        var up = GrokPickleWriter.LayoutQuantized(Announce(GrokType.I8, 8, 6144, 32768), Announce(GrokType.BF16, 8, 1, 32768));
        Assert.Equal(1_611_137_347, up.TotalBytes);
        var down = GrokPickleWriter.LayoutQuantized(Announce(GrokType.I8, 8, 32768, 6144), Announce(GrokType.BF16, 8, 8, 6144));
        Assert.Equal(1_611_399_491, down.TotalBytes);
    }

    [Theory]
    [InlineData("refused-system", "offset 28: global: expected numpy's arrays, bfloat16 or QuantizedWeight8bit, found 'posix.system'; nothing of it was run")]
    [InlineData("refused-eval", "'builtins.eval'")]
    [InlineData("refused-protocol-2", "'_codecs.encode'")]
    [InlineData("refused-protocol-5", "'numpy.core.numeric._frombuffer'")]
    [InlineData("refused-fortran", "offset 171: order of an array: expected rows (fortran flag False), found columns (True)")]
    [InlineData("refused-big-endian", "state of dtype F32 without its state: expected (3, '<', None, None, None, -1 or 4, …): little-endian values, found (3, '>', None, None, None, -1, -1, 0)")]
    [InlineData("refused-f64", "dtype: expected f4, i1 or bfloat16, found 'f8'")]
    [InlineData("refused-void", "dtype: expected f4, i1 or bfloat16, found 'V2'")]
    [InlineData("refused-objects", "dtype: expected f4, i1 or bfloat16, found 'O8'")]
    [InlineData("refused-list", "offset 11: opcode: expected one that arrays are pickled with, found 0x5D")]
    [InlineData("refused-text", "pickle: expected an array or a QuantizedWeight8bit, found 'text'")]
    public void What_no_checkpoint_holds_is_refused_by_name(string name, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00000_000");
        File.WriteAllBytes(path, GrokPickles.Read(name));
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => GrokFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_checkpoint_holds_is_not_written()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("t");
        var token = TestContext.Current.CancellationToken;
        var (weight, scales) = (GrokPickles.Array(GrokType.I8, 2, 2), GrokPickles.Array(GrokType.BF16, 1, 2));
        Assert.Throws<ArgumentException>(() => GrokPickleWriter.WriteQuantized(path, scales, weight, cancellationToken: token));
        Assert.Throws<ArgumentException>(() => GrokPickleWriter.Write(path, weight with { Shape = [] }, cancellationToken: token));
        Assert.Throws<ArgumentException>(() => GrokPickleWriter.Write(path, weight with { Shape = [2, 0] }, cancellationToken: token));
        Assert.Throws<OverflowException>(() => GrokPickleWriter.Write(path, weight with { Shape = [long.MaxValue, 4] }, cancellationToken: token));
        Assert.Throws<InvalidOperationException>(() => GrokPickleWriter.Write(path, weight with { Shape = [2, 3] }, cancellationToken: token));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private static GrokPickleArray Announce(GrokType type, params long[] shape) => new(type, shape, _ => Assert.Fail("only the layout was asked for"));

    private static void Check(byte[] file, GrokArray array, GrokType type, long[] shape)
    {
        Assert.Equal((type, shape.Length), (array.Type, array.Shape.Count));
        Assert.Equal(shape, array.Shape);
        var expected = GrokPickles.Pattern(type, shape.Aggregate(1L, (product, length) => product * length));
        Assert.Equal(expected, array.Bytes.Span(0, (int)array.Bytes.Length).ToArray());
        Assert.Equal(expected, file.AsSpan((int)array.Offset, expected.Length).ToArray());
    }
}
