using System.Buffers.Binary;
using Crescent.Kernels;

namespace Crescent.Tests.Synthesis;

/// <summary>The block formats decoded value by value, straight from their description: what synthesised bytes are checked with.</summary>
internal static class ScalarDecoder
{
    public static float[] Decode(DType dtype, ReadOnlySpan<byte> bytes)
    {
        var layout = dtype.Layout();
        var values = new float[bytes.Length / layout.BlockBytes * layout.BlockLength];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Value(dtype, bytes.Slice(i / layout.BlockLength * layout.BlockBytes, layout.BlockBytes), i % layout.BlockLength);
        }

        return values;
    }

    private static float Value(DType dtype, ReadOnlySpan<byte> block, int i)
    {
        switch (dtype)
        {
            case DType.F32:
                return BinaryPrimitives.ReadSingleLittleEndian(block);
            case DType.F16:
                return Half(block, 0);
            case DType.BF16:
                return BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(block) << 16);
            case DType.Q8_0:
                return (sbyte)block[2 + i] * Half(block, 0);
            case DType.Q4_0:
                return (Nibble(block[2..], i) - 8) * Half(block, 0);
            case DType.MXFP4:
                {
                    float[] magnitudes = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6]; // FP4, E2M1
                    var code = Nibble(block[1..], i);
                    return MathF.ScaleB(code < 8 ? magnitudes[code] : -magnitudes[code - 8], block[0] - 127);
                }

            case DType.Q4_1:
                return (Nibble(block[4..], i) * Half(block, 0)) + Half(block, 2);
            case DType.Q5_0:
                return (Fifth(block[2..], i) - 16) * Half(block, 0);
            case DType.Q5_1:
                return (Fifth(block[4..], i) * Half(block, 0)) + Half(block, 2);
            case DType.Q4_K:
            case DType.Q5_K:
                {
                    var (c, high, l) = (i / 64, i % 64 / 32, i % 32);
                    var (scale, minimum) = Scales(block[4..], (2 * c) + high);
                    var nibbles = block[(dtype == DType.Q4_K ? 16 : 48)..][(32 * c) + l];
                    var q = high == 1 ? nibbles >> 4 : nibbles & 15;
                    if (dtype == DType.Q5_K)
                    {
                        q += 16 * ((block[16 + l] >> ((2 * c) + high)) & 1);
                    }

                    return (Half(block, 0) * scale * q) - (Half(block, 2) * minimum);
                }

            case DType.Q6_K:
                {
                    var (n, k, l) = (i / 128, i % 128 / 32, i % 32);
                    var low = block[(64 * n) + l + (32 * (k & 1))];
                    var q = (k >= 2 ? low >> 4 : low & 15) | (((block[128 + (32 * n) + l] >> (2 * k)) & 3) << 4);
                    return Half(block, 208) * (sbyte)block[192 + (8 * n) + (2 * k) + (l / 16)] * (q - 32);
                }

            default:
                throw new NotSupportedException(dtype.ToString());
        }
    }

    private static float Half(ReadOnlySpan<byte> block, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);

    private static int Nibble(ReadOnlySpan<byte> quants, int i) => i < 16 ? quants[i] & 15 : quants[i - 16] >> 4;

    private static int Fifth(ReadOnlySpan<byte> bits, int i) =>
        Nibble(bits[4..], i) | ((int)((BinaryPrimitives.ReadUInt32LittleEndian(bits) >> i) & 1) << 4);

    private static (int Scale, int Minimum) Scales(ReadOnlySpan<byte> q, int j) => j < 4
        ? (q[j] & 63, q[j + 4] & 63)
        : ((q[j + 4] & 15) | ((q[j - 4] >> 6) << 4), (q[j + 4] >> 4) | ((q[j] >> 6) << 4));
}
