using System.Runtime.InteropServices;

namespace Crescent.Kernels.MatMul;

/// <summary>32 consecutive values of an input row in 8 bits, with all that products need of them in one record of 48 bytes. Emitted code reads it by offset.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal unsafe struct QuantizedGroup
{
    /// <summary>The codes, −127..127.</summary>
    public fixed sbyte Codes[32];

    /// <summary>What one step of a code is worth.</summary>
    public float Scale;

    /// <summary>−Σ codes.</summary>
    public int NegativeSum;

    /// <summary>Two 16-bit sums: of the first 16 codes (low half) and of the last.</summary>
    public int HalfSums;

    /// <summary>Scale · Σ codes, one multiplication of floats.</summary>
    public float WeightedSum;
}
