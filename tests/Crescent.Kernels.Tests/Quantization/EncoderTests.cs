using Crescent.Kernels.Quantization;
using Crescent.Kernels.Quantization.Encoders;
using Xunit;

namespace Crescent.Kernels.Tests.Quantization;

/// <summary>Properties of all quantisers, walking the table of formats.</summary>
public class EncoderTests
{
    private const int Columns = 1024;

    public static TheoryData<DType> Encodable => [.. RowCodec.Supported.Where(RowCodec.CanEncode)];

    public static TheoryData<DType> Quantized => [.. RowCodec.Supported.Where(dtype => RowCodec.CanEncode(dtype) && dtype.Layout().BlockLength > 1)];

    public static TheoryData<DType> Weighted => [.. RowCodec.Supported.Where(dtype =>
        RowCodec.CanEncode(dtype) && dtype.Layout().BlockLength > 1 && dtype is not (DType.Q8_0 or DType.MXFP4))];

    [Theory]
    [MemberData(nameof(Encodable))]
    public void Gaussian_values_come_back_within_the_rms_bound_of_the_format(DType dtype)
    {
        var (error, square) = (0d, 0d);
        for (var seed = 1; seed <= 20; seed++)
        {
            var values = EncoderRows.Make("gaussian", Columns, seed);
            var decoded = RoundTrip(dtype, values);
            error += SquaredError(values, decoded);
            square += SquaredError(values, new float[Columns]);
        }

        var rms = Math.Sqrt(error / square);
        var bound = EncoderBounds.Of(dtype).Rms;
        Assert.True(rms <= bound, $"{dtype}: RMS error {rms}, bound {bound}");
        Assert.True(bound == 0 || rms > bound * 0.5, $"{dtype}: RMS error {rms} makes the bound {bound} say nothing");
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void No_value_of_any_kind_of_row_is_further_off_than_the_bound_of_the_format(DType dtype)
    {
        var bounds = EncoderBounds.Of(dtype);
        foreach (var kind in EncoderRows.Kinds)
        {
            var values = EncoderRows.Make(kind, Columns);
            var decoded = RoundTrip(dtype, values);
            for (var start = 0; start < Columns; start += 256)
            {
                var allowed = (bounds.Max * Largest(values, start)) + MathF.ScaleB(bounds.Steps, -25);
                for (var i = start; i < start + 256; i++)
                {
                    Assert.True(Math.Abs(decoded[i] - values[i]) <= allowed, $"{dtype}, {kind}, column {i}: {values[i]} came back as {decoded[i]}, allowed {allowed}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Weighted))]
    public void Importance_lowers_the_weighted_error_and_leaves_the_plain_one_sane(DType dtype)
    {
        var (plain, weighted, plainUnweighted, weightedUnweighted) = (0d, 0d, 0d, 0d);
        for (var seed = 1; seed <= 20; seed++)
        {
            var values = EncoderRows.Make("gaussian", Columns, seed);
            var importance = EncoderRows.Importance(Columns, seed);
            var without = RoundTrip(dtype, values);
            var with = RoundTrip(dtype, values, importance);
            plain += SquaredError(values, without, importance);
            weighted += SquaredError(values, with, importance);
            plainUnweighted += SquaredError(values, without);
            weightedUnweighted += SquaredError(values, with);
        }

        Assert.True(weighted < 0.95 * plain, $"{dtype}: weighted squared error {weighted} with importance, {plain} without");
        Assert.True(weightedUnweighted < 1.5 * plainUnweighted, $"{dtype}: squared error {weightedUnweighted} with importance, {plainUnweighted} without");
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void With_importance_every_kind_of_row_stays_finite_and_within_its_range(DType dtype)
    {
        foreach (var kind in EncoderRows.Kinds)
        {
            var values = EncoderRows.Make(kind, Columns);
            var decoded = RoundTrip(dtype, values, EncoderRows.Importance(Columns));
            for (var i = 0; i < Columns; i++)
            {
                var largest = Largest(values, i / 256 * 256);
                Assert.True(Math.Abs(decoded[i] - values[i]) <= (1.01f * largest) + MathF.ScaleB(EncoderBounds.Of(dtype).Steps, -25), $"{dtype}, {kind}: {values[i]} came back as {decoded[i]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Importance_counts_by_its_ratios_alone(DType dtype)
    {
        var values = EncoderRows.Make("outliers", Columns);
        var importance = EncoderRows.Importance(Columns);
        var expected = Encode(dtype, values, importance);
        foreach (var exponent in new[] { -100, -12, 9, 100 })
        {
            Assert.Equal(expected, Encode(dtype, values, [.. importance.Select(weight => MathF.ScaleB(weight, exponent))]));
        }
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Columns_of_no_importance_are_not_lost_when_their_whole_group_has_none(DType dtype)
    {
        var values = EncoderRows.Make("gaussian", Columns);
        var importance = new float[Columns];
        importance.AsSpan(256, 256).Fill(3);
        var decoded = RoundTrip(dtype, values, importance);
        Assert.True(SquaredError(values, decoded) < 0.15 * SquaredError(values, new float[Columns]));
        Assert.True(SquaredError(values, RoundTrip(dtype, values, new float[Columns])) < 0.15 * SquaredError(values, new float[Columns]));
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void A_block_does_not_depend_on_the_rest_of_its_row(DType dtype)
    {
        var values = EncoderRows.Make("gaussian", Columns);
        var whole = Encode(dtype, values);
        var blocks = new List<byte>();
        for (var start = 0; start < Columns; start += 256)
        {
            blocks.AddRange(Encode(dtype, values[start..(start + 256)]));
        }

        Assert.Equal(whole, blocks);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_refused_with_its_column(float value)
    {
        foreach (var dtype in RowCodec.Supported.Where(RowCodec.CanEncode))
        {
            foreach (var column in new[] { 0, 300, 511 })
            {
                var values = EncoderRows.Make("gaussian", 512);
                values[column] = value;
                var exception = Assert.Throws<ArgumentException>(() => Encode(dtype, values));
                Assert.Contains($"column {column} ", exception.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void Values_beyond_the_range_of_a_half_come_back_finite_or_are_refused_with_the_column(DType dtype)
    {
        foreach (var magnitude in new[] { 3e4f, 7e4f, 1e6f, 1e9f, 1e15f, 1e22f, 3e38f })
        {
            foreach (var importance in new[] { [], EncoderRows.Importance(512) })
            {
                var values = EncoderRows.Make("gaussian", 512);
                values[300] = magnitude;
                var row = new byte[dtype.Layout().RowBytes(512)];
                var exception = Record.Exception(() => RowCodec.Encode(dtype, values, importance, row));
                if (exception is null)
                {
                    var decoded = new float[512];
                    RowCodec.Decode(dtype, row, decoded);
                    Assert.All(decoded, value => Assert.True(float.IsFinite(value)));
                    Assert.True(importance.Length > 0 || Math.Abs(decoded[300] - magnitude) <= 0.5f * magnitude, $"{dtype}: {magnitude} came back as {decoded[300]}");
                }
                else
                {
                    Assert.True(magnitude > 6e4f && dtype is not (DType.F32 or DType.BF16 or DType.MXFP4), $"{dtype} refused {magnitude}");
                    Assert.Contains("column 300 ", Assert.IsType<ArgumentException>(exception).Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void Importance_that_is_negative_not_finite_or_of_another_length_is_refused()
    {
        var values = EncoderRows.Make("gaussian", 256);
        foreach (var bad in new[] { -1f, float.NaN, float.PositiveInfinity })
        {
            var importance = EncoderRows.Importance(256);
            importance[77] = bad;
            Assert.Contains("column 77", Assert.Throws<ArgumentException>(() => Encode(DType.Q4_K, values, importance)).Message, StringComparison.Ordinal);
        }

        var exception = Assert.Throws<ArgumentException>(() => Encode(DType.Q4_K, values, new float[255]));
        Assert.Contains("255", exception.Message, StringComparison.Ordinal);
        Assert.Contains("256", exception.Message, StringComparison.Ordinal);
    }

    private static byte[] Encode(DType dtype, float[] values, float[]? importance = null)
    {
        var row = new byte[dtype.Layout().RowBytes(values.Length)];
        RowCodec.Encode(dtype, values, importance ?? [], row);
        return row;
    }

    private static float[] RoundTrip(DType dtype, float[] values, float[]? importance = null)
    {
        var decoded = new float[values.Length];
        RowCodec.Decode(dtype, Encode(dtype, values, importance), decoded);
        return decoded;
    }

    private static float Largest(float[] values, int start) => values.AsSpan(start, 256).ToArray().Max(Math.Abs);

    private static double SquaredError(float[] values, float[] decoded, float[]? importance = null) =>
        values.Select((value, i) => (importance?[i] ?? 1d) * Math.Pow((double)value - decoded[i], 2)).Sum();
}
