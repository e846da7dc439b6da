using System.Diagnostics;

namespace Crescent.Kernels.Elementwise;

/// <summary>Normalisation to a length: <c>y = x · length / sqrt(Σx² + eps)</c>, the sum in float32.</summary>
public static class L2Norm
{
    /// <param name="values">[n], overwritten</param>
    /// <param name="length">Euclidean length of the result.</param>
    public static void Apply(Span<float> values, float epsilon, float length = 1)
    {
        Debug.Assert(epsilon > 0);
        VectorMath.Scale(values, length / MathF.Sqrt(RmsNorm.SumOfSquares(values) + epsilon));
    }
}
