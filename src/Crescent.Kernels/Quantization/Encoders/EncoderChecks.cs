using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Checks of a row before and after it is encoded.</summary>
internal static class EncoderChecks
{
    // Below this no scale or minimum of any format can leave the range of a half: a fitted scale is at most the range of the values.
    private const float Harmless = 32000;

    // No format with half-precision scales holds as much, and the searches' sums would begin to overflow.
    private const float Hopeless = 1e8f;

    /// <summary>The largest magnitude of a row.</summary>
    /// <exception cref="ArgumentException">A value is not finite, or no half-precision scale is large enough for it.</exception>
    public static float Largest(DType dtype, ReadOnlySpan<float> values)
    {
        var largest = Vector256<float>.Zero;
        var i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            // Max keeps a NaN that it meets.
            largest = Vector256.Max(largest, Vector256.Abs(Vector256.Create(values[i..])));
        }

        var result = 0f;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            result = Math.Max(result, largest[lane]);
        }

        for (; i < values.Length; i++)
        {
            result = Math.Max(result, Math.Abs(values[i]));
        }

        if (!float.IsFinite(result))
        {
            ThrowNotFinite(dtype, values);
        }

        if (result > Hopeless && dtype is not (DType.F32 or DType.BF16 or DType.MXFP4 or DType.INT4_G32))
        {
            ThrowRange(dtype, values, 0);
        }

        return result;
    }

    /// <summary>Refuses a row that came out infinite, because a scale or value is beyond a half's range.</summary>
    /// <exception cref="ArgumentException">A decoded value is not finite.</exception>
    public static void Range(DType dtype, ReadOnlySpan<float> values, float largest, ReadOnlySpan<byte> row)
    {
        if (largest < Harmless || dtype == DType.F32)
        {
            return;
        }

        // A few blocks at a time: the row may be long.
        var layout = dtype.Layout();
        var length = layout.BlockLength == 1 ? SuperBlock.Length : layout.BlockLength;
        Span<float> decoded = stackalloc float[SuperBlock.Length];
        for (var start = 0; start < values.Length; start += length)
        {
            var count = Math.Min(length, values.Length - start);
            var bytes = row.Slice((int)layout.RowBytes(start), (int)layout.RowBytes(count));
            RowCodec.Decode(dtype, bytes, decoded[..count]);
            for (var i = 0; i < count; i++)
            {
                if (!float.IsFinite(decoded[i]))
                {
                    ThrowRange(dtype, values.Slice(start, count), start);
                }
            }
        }
    }

    [DoesNotReturn]
    private static void ThrowNotFinite(DType dtype, ReadOnlySpan<float> values)
    {
        var column = 0;
        while (float.IsFinite(values[column]))
        {
            column++;
        }

        throw new ArgumentException($"column {column} is {values[column]}; {dtype} encodes only finite values", nameof(values));
    }

    [DoesNotReturn]
    private static void ThrowRange(DType dtype, ReadOnlySpan<float> values, int start)
    {
        var largest = 0;
        for (var i = 1; i < values.Length; i++)
        {
            largest = Math.Abs(values[i]) > Math.Abs(values[largest]) ? i : largest;
        }

        throw new ArgumentException(
            $"column {start + largest} is {values[largest]}, too large for {dtype}: its half-precision scale or value would be infinite; BF16 and F32 hold it", nameof(values));
    }
}
