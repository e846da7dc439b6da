using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Weights;

public sealed class TensorSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly GgufCheckpoint _checkpoint;
    private readonly TensorSource _tensors;

    public TensorSourceTests()
    {
        var writer = new GgufWriter();
        writer.Set("general.architecture", "llama");
        Add("matrix", [3, 4]);
        Add("stack", [2, 3, 4]);
        Add("vector", [5]);
        writer.AddTensor("half", DType.F16, [3], sink => sink(MemoryMarshal.AsBytes(((Half[])[(Half)1, (Half)(-0.5), (Half)2]).AsSpan())));
        var path = _folder.File("tensors.gguf");
        writer.Write(path);
        _checkpoint = GgufCheckpoint.Open(path);
        _tensors = new TensorSource(_checkpoint.Tensors, path, IsaLevel.Portable);

        void Add(string name, long[] shape)
        {
            var values = Enumerable.Range(0, (int)shape.Aggregate(1L, (product, length) => product * length)).Select(i => (float)i).ToArray();
            writer.AddTensor(name, DType.F32, shape, sink => sink(MemoryMarshal.AsBytes(values.AsSpan())));
        }
    }

    public void Dispose()
    {
        _checkpoint.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_matrix_is_a_view_of_its_rows()
    {
        var row = new float[4];
        _tensors.Matrix("matrix", 3, 4).DecodeRow(2, row);
        Assert.Equal([8f, 9, 10, 11], row);
    }

    [Fact]
    public void A_stack_is_one_matrix_after_another()
    {
        var stack = _tensors.Stack("stack", 2, 3, 4);
        Assert.Equal(2, stack.Length);
        var row = new float[4];
        stack[1].DecodeRow(0, row);
        Assert.Equal([12f, 13, 14, 15], row);
    }

    [Fact]
    public void Vectors_are_decoded_from_any_type()
    {
        Assert.Equal([0f, 1, 2, 3, 4], _tensors.Vector("vector", 5));
        Assert.Equal([1f, -0.5f, 2], _tensors.Vector("half", 3));
        Assert.Null(_tensors.OptionalVector("bias", 3));
        Assert.Null(_tensors.OptionalMatrix("head", 3, 4));
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        var exception = Assert.Throws<CheckpointException>(() => _tensors.Matrix("nothing", 3, 4));
        Assert.Contains("'nothing'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(_checkpoint.Path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_refused_with_both_shapes()
    {
        Refused("[4, 3]", "[3, 4]", () => _tensors.Matrix("matrix", 4, 3));
        Refused("[12]", "[3, 4]", () => _tensors.Vector("matrix", 12));
        Refused("[3, 2, 4]", "[2, 3, 4]", () => _tensors.Stack("stack", 3, 2, 4));
        Refused("[6]", "[5]", () => _tensors.OptionalVector("vector", 6));

        static void Refused(string expected, string found, Func<object?> read)
        {
            var exception = Assert.Throws<CheckpointException>(() => read());
            Assert.Contains($"expected shape {expected}, found {found}", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Computed_values_stay_where_they_are()
    {
        // What moves is handed back to its file; these have none.
        using var held = new HeldValues("config.json");
        var tensors = new TensorSource(new Dictionary<string, CheckpointTensor> { ["router"] = held.Hold([1, 2, 3, 4, 5, 6], [2, 3]) with { Name = "router" } }, "config.json", IsaLevel.Portable);
        var row = new float[3];
        tensors.Matrix("router", 2, 3).DecodeRow(1, row);
        Assert.Equal([4f, 5, 6], row);
        Assert.Empty(tensors.Groups);
    }

    [Fact]
    public void Vectors_are_decoded_so_their_bytes_need_not_move()
    {
        Assert.Equal([[0f, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], _tensors.OptionalVectors("matrix", 3, 4)!);
        Assert.Empty(_tensors.Groups);
    }
}
