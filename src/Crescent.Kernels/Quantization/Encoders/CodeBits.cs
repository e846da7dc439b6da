namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>The bit layouts that several formats share, written.</summary>
internal static class CodeBits
{
    /// <summary>Low two bits of 256 codes: bits 2s of byte 32n + l belong to value 128n + 32s + l (Q2_K, Q3_K).</summary>
    public static void PackPairs(ReadOnlySpan<byte> codes, Span<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var at = codes[((i / 32 * 128) + (i % 32))..];
            bytes[i] = (byte)((at[0] & 3) | ((at[32] & 3) << 2) | ((at[64] & 3) << 4) | ((at[96] & 3) << 6));
        }
    }

    /// <summary>Low nibbles of 256 codes: byte 32c + l holds value 64c + l (low) and 64c + 32 + l (high) (Q4_K, Q5_K).</summary>
    public static void PackNibbles(ReadOnlySpan<byte> codes, Span<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var at = codes[((i / 32 * 64) + (i % 32))..];
            bytes[i] = (byte)((at[0] & 15) | ((at[32] & 15) << 4));
        }
    }

    /// <summary>One bit of each of 256 codes: bit g of byte l belongs to value 32g + l (Q3_K, Q5_K).</summary>
    public static void PackBits(ReadOnlySpan<byte> codes, int bit, Span<byte> bytes)
    {
        bytes.Clear();
        for (var i = 0; i < codes.Length; i++)
        {
            bytes[i % 32] |= (byte)(((codes[i] >> bit) & 1) << (i / 32));
        }
    }

    /// <summary>Low nibbles of 32 codes: value j in the low half of byte j, value j + 16 in the high one.</summary>
    public static void PackHalves(ReadOnlySpan<byte> codes, Span<byte> bytes)
    {
        for (var i = 0; i < 16; i++)
        {
            bytes[i] = (byte)((codes[i] & 15) | ((codes[i + 16] & 15) << 4));
        }
    }

    /// <summary>Bit 4 of 32 codes, bit j of value j.</summary>
    public static uint FifthBits(ReadOnlySpan<byte> codes)
    {
        var bits = 0u;
        for (var i = 0; i < 32; i++)
        {
            bits |= (uint)((codes[i] >> 4) & 1) << i;
        }

        return bits;
    }
}
