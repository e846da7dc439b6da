namespace Crescent.Kernels.Emitted;

/// <summary>How the codes of a packed group lie: 32 columns of 16 rows.</summary>
internal enum PanelCodes
{
    /// <summary>Four vectors of nibbles: byte (row, k) of vector c holds column 4c + k in the low nibble and 16 + 4c + k in the high one. 256 bytes.</summary>
    Nibbles,

    /// <summary>Nibbles, then a vector whose byte (row, k) holds bit 4 of column 4j + k in bit j. 320 bytes.</summary>
    NibblesAndBit,

    /// <summary>Nibbles, then two vectors whose byte (row, k) holds bits 4 and 5 of column 4j + k in bits 2(j mod 4) and the next of vector j / 4. 384 bytes.</summary>
    NibblesAndTwoBits,

    /// <summary>Eight vectors: byte (row, k) of vector j holds column 4j + k. 512 bytes.</summary>
    Bytes,
}

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

/// <summary>
/// A format as panel kernels read it: 16 rows side by side, so that a vector holds four columns of all of them, and one stream in the order of its use.
/// </summary>
/// <param name="OffsetShift">The packed codes are 2^OffsetShift above the values; 0 for no offset.</param>
/// <param name="Table">16 bytes that nibbles stand for; empty where they are the codes themselves.</param>
internal sealed record PanelFormat(PanelCodes Codes, PanelScales Scales, int OffsetShift, byte[] Table)
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 16;

    /// <summary>Bytes of a super-block's header; 0 where groups follow one another.</summary>
    public int HeaderBytes { get; } = Scales switch
    {
        PanelScales.SixBitPairs => 128,
        PanelScales.SignedBytes or PanelScales.SignedBytePairs => 32,
        _ => 0,
    };

    /// <summary>Bytes of a group's scales.</summary>
    public int ScaleBytes { get; } = Scales is PanelScales.Exponent or PanelScales.SixBitPairs or PanelScales.SignedBytes ? 16 : 32;

    /// <summary>Bytes of a group: scales, then codes.</summary>
    public int GroupBytes => ScaleBytes + Codes switch
    {
        PanelCodes.Nibbles => 256,
        PanelCodes.NibblesAndBit => 320,
        PanelCodes.NibblesAndTwoBits => 384,
        _ => 512,
    };

    /// <summary>Whether 8 groups form a super-block.</summary>
    public bool IsSuperBlock => HeaderBytes > 0;

    /// <summary>Most input rows that a kernel takes: what its registers hold.</summary>
    public int MostInputs { get; } = Scales switch
    {
        PanelScales.SignedBytePairs => 7,
        PanelScales.SixBitPairs => 8,
        PanelScales.SignedBytes => 10,
        _ => PanelArguments.MostInputs,
    };

    /// <summary>Bytes of a panel.</summary>
    public long PanelBytes(int columns) => (columns / 32 * (long)GroupBytes) + (columns / 256 * (long)HeaderBytes);
}
