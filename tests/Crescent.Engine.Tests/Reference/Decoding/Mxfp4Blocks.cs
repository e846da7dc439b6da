namespace Crescent.Tests.Reference.Decoding;

/// <summary>MXFP4 as gpt-oss publishes it: blocks of 32 values in 16 bytes, in order, and their exponents apart.</summary>
internal static class Mxfp4Blocks
{
    private static readonly double[] s_values = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];

    /// <summary>[.., 32 · blocks].</summary>
    /// <param name="blocks">[.., blocks, 16]: the low nibble is the first of two values.</param>
    /// <param name="scales">[.., blocks]: exponents of two, 127 too large.</param>
    public static double[] Decode(byte[] blocks, byte[] scales)
    {
        var values = new double[blocks.Length * 2];
        for (var i = 0; i < values.Length; i++)
        {
            var code = i % 2 == 0 ? blocks[i / 2] & 15 : blocks[i / 2] >> 4;
            values[i] = s_values[code] * Math.Pow(2, scales[i / 32] - 127);
        }

        return values;
    }
}
