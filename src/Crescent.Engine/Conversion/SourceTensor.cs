using Crescent.Engine.Checkpoints;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Conversion;

/// <summary>A checkpoint's tensor as a stack of matrices.</summary>
internal sealed class SourceTensor
{
    private readonly Checkpoint _checkpoint;

    /// <exception cref="CheckpointException">A side of its matrices is longer than 31 bits.</exception>
    public SourceTensor(Checkpoint checkpoint, CheckpointTensor tensor)
    {
        _checkpoint = checkpoint;
        Tensor = tensor;
        var (rows, columns) = (tensor.Shape.Count > 1 ? tensor.Shape[^2] : 1, tensor.Shape[^1]);
        if (rows > int.MaxValue || columns > int.MaxValue)
        {
            throw new CheckpointException($"{tensor.File}: tensor '{tensor.Name}': expected at most {int.MaxValue} rows and columns, found [{string.Join(", ", tensor.Shape)}]");
        }

        (MatrixRows, Columns) = ((int)rows, (int)columns);
        Matrices = tensor.Count / rows / columns;
    }

    public CheckpointTensor Tensor { get; }

    public long Matrices { get; }

    /// <summary>Rows of one matrix; 1 of a vector.</summary>
    public int MatrixRows { get; }

    public int Columns { get; }

    /// <summary>Rows of all matrices.</summary>
    public long Rows => Matrices * MatrixRows;

    /// <summary>The matrices, to be decoded.</summary>
    /// <exception cref="CheckpointException">The type has no decoder.</exception>
    public WeightMatrix[] Open(IsaLevel isa) =>
        new TensorSource(_checkpoint.Tensors, _checkpoint.Path, isa).Stack(Tensor.Name, Matrices, MatrixRows, Columns);
}
