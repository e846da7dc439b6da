namespace Crescent.Tests.Reference.Decoding;

/// <summary>FP8 e4m3 codes with a scale a tile (DeepSeek-V3, Kimi K2).</summary>
internal static class BlockFp8
{
    /// <summary>Sign, four bits of exponent with bias 7, three of mantissa; no infinities, NaN where all seven bits are set.</summary>
    public static double Value(byte code)
    {
        var sign = (code & 0x80) != 0 ? -1.0 : 1.0;
        var (exponent, mantissa) = ((code >> 3) & 15, code & 7);
        if (exponent == 15 && mantissa == 7)
        {
            return double.NaN;
        }

        return exponent == 0 ? sign * mantissa * Math.Pow(2, -9) : sign * (1 + (mantissa / 8.0)) * Math.Pow(2, exponent - 7);
    }

    /// <summary>[rows, columns] from as many codes.</summary>
    /// <param name="scales">[⌈rows / tile⌉, ⌈columns / tile⌉]; they multiply.</param>
    public static double[] Decode(byte[] codes, int columns, double[] scales, int tile = 128)
    {
        var tilesAcross = (columns + tile - 1) / tile;
        var values = new double[codes.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            var (row, column) = (i / columns, i % columns);
            values[i] = Value(codes[i]) * scales[(row / tile * tilesAcross) + (column / tile)];
        }

        return values;
    }
}
