namespace Crescent.Engine.Synthesis.Published;

/// <summary>Scales of 32 values each, where the values have one exponent a tile.</summary>
internal static class Groups
{
    public const int Length = 32;

    public delegate void ScaleWriter(int exponent, Span<byte> scale);

    /// <param name="bytes">[columns / 32] scales</param>
    public static void Fill(SynthRows rows, long row, Span<byte> bytes, ScaleWriter write, int scaleBytes)
    {
        Span<sbyte> exponents = stackalloc sbyte[rows.Tiles];
        rows.Exponents(row, exponents);
        for (var i = 0; i < bytes.Length / scaleBytes; i++)
        {
            write(exponents[i * Length / SynthEncoder.TileLength], bytes.Slice(i * scaleBytes, scaleBytes));
        }
    }
}
