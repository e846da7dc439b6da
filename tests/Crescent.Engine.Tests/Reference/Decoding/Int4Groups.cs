namespace Crescent.Tests.Reference.Decoding;

/// <summary>Four-bit integers in 32-bit words with a scale a group of a row (compressed-tensors "pack-quantized": Kimi K2 Thinking).</summary>
internal static class Int4Groups
{
    /// <summary>[rows, columns].</summary>
    /// <param name="packed">[rows, columns / 8] little-endian words; element i of a row is in bits 4 (i mod 8) of word i / 8, eight too large.</param>
    /// <param name="scales">[rows, columns / group].</param>
    public static double[] Decode(byte[] packed, int columns, double[] scales)
    {
        var values = new double[packed.Length * 2];
        var group = values.Length / scales.Length;
        for (var i = 0; i < values.Length; i++)
        {
            var word = BitConverter.ToUInt32(packed, i / 8 * 4);
            var stored = (int)((word >> (4 * (i % 8))) & 15);
            var (row, column) = (i / columns, i % columns);
            values[i] = (stored - 8) * scales[(row * (columns / group)) + (column / group)];
        }

        return values;
    }
}
