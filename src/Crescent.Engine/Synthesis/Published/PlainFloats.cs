using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>Writes floats that a type holds exactly.</summary>
internal static class PlainFloats
{
    private const int SingleBias = 127;
    private const int BFloat16Mantissa = 7;

    /// <summary>2^exponent in bfloat16.</summary>
    public static ushort PowerOfTwo(int exponent) => (ushort)((exponent + SingleBias) << BFloat16Mantissa);

    public static byte[] Encode(DType dtype, float[] values)
    {
        if (dtype == DType.F32)
        {
            return MemoryMarshal.AsBytes<float>(values).ToArray();
        }

        var bytes = new byte[values.Length * sizeof(ushort)];
        for (var i = 0; i < values.Length; i++)
        {
            var half = (Half)values[i];
            var bits = dtype == DType.F16 ? BitConverter.HalfToUInt16Bits(half) : (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
            Debug.Assert((dtype == DType.F16 ? (float)half : BitConverter.UInt32BitsToSingle((uint)bits << 16)) == values[i], "expected a value that the type holds");
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)), bits);
        }

        return bytes;
    }
}
