namespace Crescent.Kernels.Attention;

/// <summary>Element type of cached keys and values.</summary>
public enum KvType
{
    F16,
    F32,
    BF16,

    /// <summary>Blocks of 32 signed bytes with a half-precision scale; widths must be multiples of 32.</summary>
    Q8_0,
}
