namespace Crescent.Kernels.Emitted;

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

    /// <summary>Most input rows of a kernel for two panels; 0 where the format has none: its scales or planes would leave too few registers.</summary>
    public int MostPairInputs { get; } = (Scales is PanelScales.Half or PanelScales.BFloat16) && Codes is PanelCodes.Nibbles or PanelCodes.Bytes ? PanelArguments.MostInputs / 2 : 0;

    /// <summary>Bytes of a panel.</summary>
    public long PanelBytes(int columns) => (columns / 32 * (long)GroupBytes) + (columns / 256 * (long)HeaderBytes);
}
