using System.Runtime.InteropServices;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Rows of floats to blocks: the switch over the formats that have a quantiser.</summary>
internal static class RowEncoder
{
    public static bool Supports(DType dtype) => dtype
        is DType.F32 or DType.F16 or DType.BF16
        or DType.Q4_0 or DType.Q4_1 or DType.Q5_0 or DType.Q5_1 or DType.Q8_0 or DType.IQ4_NL or DType.MXFP4
        or DType.Q2_K or DType.Q3_K or DType.Q4_K or DType.Q5_K or DType.Q6_K or DType.IQ4_XS;

    /// <summary>Encodes a row of the right size, of a type that <see cref="Supports"/> names.</summary>
    /// <exception cref="ArgumentException">A value is not finite or too large, or the weights do not fit.</exception>
    public static void Encode(DType dtype, ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> row)
    {
        var largest = EncoderChecks.Largest(dtype, values);
        var weights = Importance.Of(importance, values.Length);
        switch (dtype)
        {
            case DType.F32: Each(values, Blocks<F32>(row)); break;
            case DType.F16: Each(values, Blocks<F16>(row)); break;
            case DType.BF16: Each(values, Blocks<BF16>(row)); break;
            case DType.MXFP4: Each(values, Blocks<MXFP4>(row)); break;
            case DType.Q4_0: Block32Encoder.Encode<Q4_0, Q4_0Encoder>(values, weights, Blocks<Q4_0>(row)); break;
            case DType.Q4_1: Block32Encoder.Encode<Q4_1, Q4_1Encoder>(values, weights, Blocks<Q4_1>(row)); break;
            case DType.Q5_0: Block32Encoder.Encode<Q5_0, Q5_0Encoder>(values, weights, Blocks<Q5_0>(row)); break;
            case DType.Q5_1: Block32Encoder.Encode<Q5_1, Q5_1Encoder>(values, weights, Blocks<Q5_1>(row)); break;
            case DType.Q8_0: Block32Encoder.Encode<Q8_0, Q8_0Encoder>(values, default, Blocks<Q8_0>(row)); break;
            case DType.IQ4_NL: IQ4Encoder.Encode(values, weights, Blocks<IQ4_NL>(row)); break;
            case DType.IQ4_XS: IQ4Encoder.Encode(values, weights, Blocks<IQ4_XS>(row)); break;
            case DType.Q2_K: Q2_KEncoder.Encode(values, weights, Blocks<Q2_K>(row)); break;
            case DType.Q3_K: Q3_KEncoder.Encode(values, weights, Blocks<Q3_K>(row)); break;
            case DType.Q4_K: Q4_KEncoder.Encode(values, weights, Blocks<Q4_K>(row)); break;
            case DType.Q5_K: Q5_KEncoder.Encode(values, weights, Blocks<Q5_K>(row)); break;
            case DType.Q6_K: Q6_KEncoder.Encode(values, weights, Blocks<Q6_K>(row)); break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype));
        }

        EncoderChecks.Range(dtype, values, largest, row);
    }

    private static Span<TBlock> Blocks<TBlock>(Span<byte> row)
        where TBlock : unmanaged => MemoryMarshal.Cast<byte, TBlock>(row);

    // Formats to which importance makes no difference.
    private static void Each<TBlock>(ReadOnlySpan<float> values, Span<TBlock> row)
        where TBlock : unmanaged, IEncodableBlock<TBlock>
    {
        foreach (ref var block in row)
        {
            TBlock.Encode(values[..TBlock.Length], out block);
            values = values[TBlock.Length..];
        }
    }
}
