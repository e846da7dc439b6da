using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Records;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;

namespace Crescent.Engine.Planning;

/// <summary>A tensor as far as a plan needs it: of a checkpoint, or of one that nobody has downloaded.</summary>
/// <param name="Name">As GGUF has it.</param>
/// <param name="Shape">Row-major.</param>
/// <param name="Bytes">With the scales of types that keep them apart.</param>
public sealed record PlannedTensor(string Name, DType DType, IReadOnlyList<long> Shape, long Bytes)
{
    public long Columns => Shape[^1];

    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, length) => product * length);

    public static IReadOnlyList<PlannedTensor> Of(Checkpoint checkpoint) =>
        [.. checkpoint.Tensors.Values.Select(tensor => new PlannedTensor(tensor.Name, tensor.DType, tensor.Shape, tensor.StoredBytes))];

    /// <summary>The tensors of a preset in a type of GGUF, or in one that releases are published in: then what releases leave as it is stays in bfloat16.</summary>
    /// <exception cref="NotSupportedException">The model is not made in the type.</exception>
    public static IReadOnlyList<PlannedTensor> Of(SynthPreset preset, DType type, int? layers = null)
    {
        var isPublished = type.HasSplitScales();
        var options = new SynthOptions { DType = isPublished ? DType.BF16 : type, Layers = layers };
        return [.. SynthModel.Plan(preset, options).Select(tensor => isPublished && IsQuantised(tensor, type)
            ? InType(tensor.Name, tensor.Shape, type)
            : new PlannedTensor(tensor.Name, tensor.DType, tensor.Shape, tensor.Bytes))];
    }

    /// <summary>The same values in another type.</summary>
    internal static PlannedTensor InType(string name, IReadOnlyList<long> shape, DType type)
    {
        var (rows, columns) = (shape[^2], shape[^1]);
        var matrices = shape.SkipLast(2).Aggregate(1L, (product, length) => product * length);
        return new PlannedTensor(name, type, shape, matrices * ((rows * type.Layout().RowBytes(columns)) + RecordFormat.ScaleBytes(type, rows, columns)));
    }

    // FP8 and INT8: all matrices of layers but routers; the four-bit types: routed experts.
    private static bool IsQuantised(SynthTensorLayout tensor, DType type) => tensor.Shape.Count > 1 && TensorRole.Of(tensor.Name) switch
    {
        TensorRole.Experts => tensor.Shape.Count == 3, // not their biases
        TensorRole.Attention or TensorRole.FeedForward or TensorRole.SharedExperts => type is DType.F8_E4M3 or DType.INT8_KN && tensor.DType == DType.BF16,
        _ => false,
    };
}
