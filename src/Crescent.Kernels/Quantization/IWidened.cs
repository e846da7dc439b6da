using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

/// <summary>An element that the float loops widen in registers.</summary>
internal unsafe interface IWidened
{
    /// <summary>Whether the widened value is to be multiplied by a scale, one for <see cref="F8_E4M3.TileLength"/> columns.</summary>
    static abstract bool IsScaled { get; }

    static abstract float Widen(byte* element);

    /// <summary>8 consecutive elements as floats.</summary>
    static abstract Vector256<float> Load(byte* elements);

    /// <summary>16 consecutive elements as floats.</summary>
    static abstract Vector512<float> LoadSixteen(byte* elements);
}
