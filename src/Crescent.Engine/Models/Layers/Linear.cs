using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>A matrix [outputs, inputs] with an optional bias [outputs].</summary>
public readonly struct Linear(WeightMatrix weights, float[]? bias = null)
{
    public WeightMatrix Weights { get; } = weights;

    /// <summary>[outputs]; added by whoever reads the output, row by row.</summary>
    public float[]? Bias { get; } = bias;

    public int Inputs => Weights.Columns;

    public int Outputs => Weights.Rows;

    /// <summary>The product of input rows 0..<paramref name="rows"/>: output [rows, outputs].</summary>
    public MatMulJob Job(Activations input, int rows, AlignedBuffer<float> output) => new()
    {
        Weights = Weights,
        Input = input,
        InputStride = 1,
        Count = rows,
        Output = output,
        OutputStride = Outputs,
    };
}
