namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>What encoding without importance, then decoding, does to values.</summary>
/// <param name="Rms">RMS error of normally distributed values, as a share of their RMS: measured, and a few percent.</param>
/// <param name="Max">Error of any value as a share of the largest magnitude among its 256 neighbours: proven for plain blocks (see their MaxRelativeError), measured
/// on ten kinds of rows for searched ones.</param>
/// <param name="Steps">Largest code times largest sub-scale: with 2⁻²⁵ (half the distance between subnormal halves) what rounding a tiny scale can add to an error.</param>
internal readonly record struct EncoderBounds(float Rms, float Max, int Steps)
{
    public static EncoderBounds Of(DType dtype) => dtype switch
    {
        DType.F32 => new(0, 0, 0),
        DType.F16 => new(1f / 4096, 1f / 2048, 1),
        DType.BF16 => new(1f / 512, 1f / 256, 0),
        DType.Q8_0 => new(0.0056f, 0.0046f, 127),
        DType.Q5_0 => new(0.0445f, 0.0635f, 16),
        DType.Q5_1 => new(0.0395f, 0.036f, 32),
        DType.Q4_0 => new(0.0895f, 0.126f, 8),
        DType.Q4_1 => new(0.081f, 0.07f, 16),
        DType.IQ4_NL => new(0.082f, 0.115f, 127),
        DType.MXFP4 => new(0.119f, 0.2501f, 0),
        DType.Q6_K => new(0.0186f, 0.021f, 32 * 128),
        DType.Q5_K => new(0.038f, 0.046f, 63 * 32),
        DType.Q4_K => new(0.075f, 0.09f, 63 * 16),
        DType.IQ4_XS => new(0.08f, 0.11f, 127 * 32),
        DType.Q3_K => new(0.158f, 0.22f, 4 * 32),
        DType.Q2_K => new(0.31f, 0.4f, 15 * 4),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };
}
