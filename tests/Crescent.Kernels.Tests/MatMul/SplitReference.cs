namespace Crescent.Kernels.Tests.MatMul;

/// <summary>
/// Values of the formats whose scales lie apart, by the formats' descriptions, one at a time: safetensors of DeepSeek-V3 (block FP8), of Kimi K2
/// Thinking (compressed-tensors INT4) and of gpt-oss (MXFP4), and Grok-1's release (8-bit weights).
/// </summary>
internal static class SplitReference
{
    // The sign of the second zero is dropped, as in GGML's MXFP4, whose table is of integers.
    private static readonly float[] s_fp4 = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    /// <param name="rows">Rows of the whole matrix, those of others between them included.</param>
    public static float[] Row(DType dtype, byte[] codes, byte[] scales, int rows, int columns, int row)
    {
        var values = new float[columns];
        for (var i = 0; i < columns; i++)
        {
            values[i] = dtype switch
            {
                DType.F8_E4M3 => Fp8(codes[(row * columns) + i]) * BitConverter.ToSingle(scales, 4 * ((row / 128 * ((columns + 127) / 128)) + (i / 128))),
                DType.INT4_G32 => (Nibble(codes, row, i, columns) - 8) * BFloat16(scales, (row * (columns / 32)) + (i / 32)),
                DType.MXFP4_SPLIT => (float)(s_fp4[Nibble(codes, row, i, columns)] * Math.Pow(2, scales[(row * (columns / 32)) + (i / 32)] - 127)),
                DType.INT8_KN => (sbyte)codes[(i * rows) + row] * BFloat16(scales, (i / (columns / (scales.Length / 2 / rows)) * rows) + row),
                _ => throw new ArgumentException($"{dtype} keeps its scales with its codes", nameof(dtype)),
            };
        }

        return values;
    }

    public static float Fp8(byte code)
    {
        var (sign, exponent, mantissa) = (code >> 7, (code >> 3) & 15, code & 7);
        if (exponent == 15 && mantissa == 7)
        {
            return float.NaN;
        }

        var magnitude = exponent == 0 ? mantissa * Math.Pow(2, -9) : (1 + (mantissa / 8.0)) * Math.Pow(2, exponent - 7);
        return (float)(sign == 1 ? -magnitude : magnitude);
    }

    private static int Nibble(byte[] codes, int row, int i, int columns) =>
        (codes[((long)row * (columns / 2)) + (i / 2)] >> (4 * (i % 2))) & 15;

    private static float BFloat16(byte[] scales, int index) =>
        BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(scales, 2 * index) << 16);
}
