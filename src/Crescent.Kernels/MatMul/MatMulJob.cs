using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// One product: output of item i, [0..Weights.Rows) = Weights · input row of item i. Jobs of one run must not write to the same place.
/// </summary>
public struct MatMulJob
{
    public WeightMatrix Weights { get; set; }

    /// <summary>The matrix of which <see cref="Weights"/> is a copy elsewhere, for observers; null where it is none.</summary>
    public WeightMatrix? CopyOf { get; set; }

    /// <summary>[rows, Weights.Columns]; transposed: [rows, Weights.Rows].</summary>
    public Activations Input { get; set; }

    /// <summary>Item i reads input row InputStart + i·InputStride, unless <see cref="InputRows"/> is given.</summary>
    public int InputStart { get; set; }

    public int InputStride { get; set; }

    /// <summary>Item i reads input row InputRows[InputRowsStart + i].</summary>
    public int[]? InputRows { get; set; }

    public int InputRowsStart { get; set; }

    /// <summary>Number of items (tokens).</summary>
    public int Count { get; set; }

    /// <summary>Item i's output begins at float OutputStart + i·OutputStride.</summary>
    public AlignedBuffer<float> Output { get; set; }

    public long OutputStart { get; set; }

    public long OutputStride { get; set; }

    /// <summary>output[i, c] = Σ over r of input[i][r] · Weights[r, c], r ascending, always from float input.</summary>
    public bool Transposed { get; set; }

    internal readonly int OutputWidth => Transposed ? Weights.Columns : Weights.Rows;

    /// <summary>The input row that an item reads.</summary>
    public readonly int InputRow(int item) => InputRows is null ? InputStart + (item * InputStride) : InputRows[InputRowsStart + item];

    internal readonly unsafe float* OutputOf(int item) => Output.Address + OutputStart + (item * OutputStride);
}
