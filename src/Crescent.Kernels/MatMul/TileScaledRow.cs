using System.Runtime.CompilerServices;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>A row of FP8 codes, and the scales of the tiles that it runs through.</summary>
internal readonly unsafe struct TileScaledRow(byte* codes, byte* scales)
{
    public readonly byte* Codes = codes;
    private readonly byte* _scales = scales; // float32, not always aligned

    public bool HasScalesOf(TileScaledRow other) => _scales == other._scales;

    public float Scale(nint column) => Unsafe.ReadUnaligned<float>(_scales + (column / F8_E4M3.TileLength * sizeof(float)));
}
