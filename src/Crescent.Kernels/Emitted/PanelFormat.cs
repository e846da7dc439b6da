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

/// <summary>How the scales of a packed panel lie.</summary>
internal enum PanelScales
{
    /// <summary>[groups, 16 rows] half.</summary>
    Half,

    /// <summary>[groups, 16 rows] bfloat16.</summary>
    BFloat16,

    /// <summary>[groups, 16 rows] bytes e: 2^(e − 128).</summary>
    Exponent,

    /// <summary>
    /// A super-block: half d [16 rows], half dmin [16 rows], uint [16 rows] with the upper two bits of scale (lower) and minimum of group g at bits 4g,
    /// [8 groups, 16 rows] bytes with the lower four bits of scale (low nibble) and minimum. 256 bytes.
    /// </summary>
    SixBitPairs,

    /// <summary>A super-block: half d [16 rows], [8 groups, 16 rows] signed bytes. 160 bytes.</summary>
    SignedBytes,

    /// <summary>A super-block: half d [16 rows], [8 groups, 16 rows, 2 halves] signed bytes. 288 bytes.</summary>
    SignedBytePairs,
}

/// <summary>A format as panel kernels read it: 16 rows side by side, so that a vector holds four columns of all of them.</summary>
/// <param name="OffsetShift">The packed codes are 2^OffsetShift above the values; 0 for no offset.</param>
/// <param name="Table">16 bytes that nibbles stand for; empty where they are the codes themselves.</param>
internal sealed record PanelFormat(PanelCodes Codes, PanelScales Scales, int OffsetShift, byte[] Table)
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 16;

    /// <summary>Bytes of a group's codes.</summary>
    public int GroupBytes { get; } = Codes switch
    {
        PanelCodes.Nibbles => 256,
        PanelCodes.NibblesAndBit => 320,
        PanelCodes.NibblesAndTwoBits => 384,
        _ => 512,
    };

    /// <summary>Whether scales come in super-blocks of 8 groups.</summary>
    public bool IsSuperBlock => Scales >= PanelScales.SixBitPairs;

    /// <summary>Bytes of the scales of a group, or of a super-block.</summary>
    public int ScaleBytes { get; } = Scales switch
    {
        PanelScales.Half or PanelScales.BFloat16 => 32,
        PanelScales.Exponent => 16,
        PanelScales.SixBitPairs => 256,
        PanelScales.SignedBytes => 160,
        _ => 288,
    };

    /// <summary>Most input rows that a kernel takes: what its registers hold.</summary>
    public int MostInputs => Scales switch
    {
        PanelScales.SignedBytePairs => 7,
        PanelScales.SixBitPairs => 8,
        PanelScales.SignedBytes => 10,
        _ => PanelArguments.MostInputs,
    };

    /// <summary>Bytes of the codes of a panel.</summary>
    public long CodeBytes(int columns) => columns / 32 * (long)GroupBytes;

    /// <summary>Bytes of a panel: codes, then scales; whole cache lines, so that every panel's codes begin one.</summary>
    public long PanelBytes(int columns) =>
        (CodeBytes(columns) + (columns / (IsSuperBlock ? 256 : 32) * (long)ScaleBytes) + 63) / 64 * 64;
}
