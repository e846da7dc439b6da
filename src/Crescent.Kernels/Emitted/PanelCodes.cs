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
