namespace Crescent.Kernels.Emitted;

/// <summary>The scales of a packed panel: at the start of each group, and for super-blocks a header before their 8 groups.</summary>
internal enum PanelScales
{
    /// <summary>Half [16 rows].</summary>
    Half,

    /// <summary>Bfloat16 [16 rows].</summary>
    BFloat16,

    /// <summary>Bytes e [16 rows]: 2^(e − 128).</summary>
    Exponent,

    /// <summary>
    /// Bytes [16 rows] with the lower four bits of scale (low nibble) and minimum. Header: half d [16 rows], half dmin [16 rows], uint [16 rows] with the
    /// upper two bits of scale (lower) and minimum of group g at bits 4g.
    /// </summary>
    SixBitPairs,

    /// <summary>Signed bytes [16 rows]. Header: half d [16 rows].</summary>
    SignedBytes,

    /// <summary>Signed bytes [16 rows, 2 halves]. Header: half d [16 rows].</summary>
    SignedBytePairs,
}
