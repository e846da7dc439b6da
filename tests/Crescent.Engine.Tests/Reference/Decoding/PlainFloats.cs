using System.Buffers.Binary;

namespace Crescent.Tests.Reference.Decoding;

/// <summary>Little-endian numbers as safetensors names them.</summary>
internal static class PlainFloats
{
    /// <param name="dtype">F32, F16, BF16, F64, I8, U8, I32 or I64.</param>
    public static double[] Decode(string dtype, byte[] bytes)
    {
        var size = dtype switch { "F64" or "I64" => 8, "F32" or "I32" => 4, "F16" or "BF16" => 2, "I8" or "U8" => 1, _ => throw new NotSupportedException(dtype) };
        var values = new double[bytes.Length / size];
        for (var i = 0; i < values.Length; i++)
        {
            var at = bytes.AsSpan(i * size, size);
            values[i] = dtype switch
            {
                "F64" => BinaryPrimitives.ReadDoubleLittleEndian(at),
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(at),
                "F16" => (double)BinaryPrimitives.ReadHalfLittleEndian(at),
                "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(at) << 16),
                "I64" => BinaryPrimitives.ReadInt64LittleEndian(at),
                "I32" => BinaryPrimitives.ReadInt32LittleEndian(at),
                "I8" => (sbyte)at[0],
                _ => at[0],
            };
        }

        return values;
    }
}
