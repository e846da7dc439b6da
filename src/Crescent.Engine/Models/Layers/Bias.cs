using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>Adds an optional bias to rows.</summary>
internal static class Bias
{
    public static void Add(Span<float> row, float[]? bias)
    {
        if (bias is not null)
        {
            VectorMath.Add(row, bias);
        }
    }

    /// <param name="output">[rows, bias length]</param>
    public static void Add(float[]? bias, AlignedBuffer<float> output, int rows)
    {
        if (bias is not null)
        {
            for (var row = 0; row < rows; row++)
            {
                VectorMath.Add(output.Span((long)row * bias.Length, bias.Length), bias);
            }
        }
    }
}
