using Crescent.Engine.Checkpoints;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Conversion;

/// <summary>A published tensor under the name, in the shape and in the order of rows that the written file has.</summary>
/// <param name="Shape">Row-major.</param>
internal sealed record TensorForm(string Name, IReadOnlyList<long> Shape, CheckpointTensor Source)
{
    public TensorForm(CheckpointTensor source)
        : this(source.Name, source.Shape, source)
    {
    }

    /// <summary>Order of the rows; null: as published.</summary>
    public RowOrder? Order { get; init; }

    /// <summary>Makes the rows, where they are not those of the source in some order.</summary>
    public Func<WeightMatrix[], RowSource>? Rows { get; init; }

    /// <summary>Whether the values are other than the published ones.</summary>
    public bool IsComputed { get; init; }

    /// <summary>Matrices of the stack; 1 of a vector.</summary>
    public long Matrices => Shape.SkipLast(2).Aggregate(1L, (product, length) => product * length);

    /// <summary>Rows of one matrix.</summary>
    public long MatrixRows => Shape.Count > 1 ? Shape[^2] : 1;
}
