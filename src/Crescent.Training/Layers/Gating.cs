using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;

namespace Crescent.Training.Layers;

/// <summary>SwiGLU over rows [rows, width].</summary>
internal static class Gating
{
    public static void Forward(AlignedBuffer<float> gate, AlignedBuffer<float> up, AlignedBuffer<float> product, int width, int start, int end)
    {
        for (var row = start; row < end; row++)
        {
            var target = product.Span((long)row * width, width);
            gate.Span((long)row * width, width).CopyTo(target);
            GatedUnit.Apply(GateFunction.Silu, target, up.Span((long)row * width, width));
        }
    }

    /// <summary>Gate and up become their gradients.</summary>
    /// <param name="product">Gradient of the product.</param>
    public static void Backward(AlignedBuffer<float> gate, AlignedBuffer<float> up, AlignedBuffer<float> product, int width, int start, int end)
    {
        for (var row = start; row < end; row++)
        {
            TrainingMath.SwiGluBackward(gate.Span((long)row * width, width), up.Span((long)row * width, width), product.Span((long)row * width, width));
        }
    }
}
