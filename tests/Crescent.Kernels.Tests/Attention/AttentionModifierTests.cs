using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.Attention;

/// <summary>Windows, sinks, linear biases and growing temperature, against the formula in doubles.</summary>
public class AttentionModifierTests
{
    private const double Bound = 1e-5;

    private static readonly AttentionShape s_grouped = new(4, 2, 24, 40, false, 0.3f);
    private static readonly AttentionShape s_latent = new(5, 1, 19, 11, true, 0.4f);
    private static readonly AttentionShape s_capped = new(4, 2, 16, 16, false, 2, 1.5f);

    public static TheoryData<string, AttentionShape, AttentionModifiers> Cases => new()
    {
        { "window of one", s_grouped, new() { Window = 1 } },
        { "window within a tile", s_grouped, new() { Window = 7 } },
        { "window of a tile", s_latent, new() { Window = 32 } },
        { "window off the tiles", s_capped, new() { Window = 45 } },
        { "window beyond the text", s_grouped, new() { Window = 1000 } },
        { "sinks", s_grouped, new() { Sinks = [0, -3, 4, 0.5f] } },
        { "sinks far above and below", s_capped, new() { Sinks = [100, -100, 30, float.NegativeInfinity] } },
        { "sinks and window", s_latent, new() { Window = 20, Sinks = [1, 2, 3, -1, -2] } },
        { "slopes", s_grouped, new() { Slopes = [0.5f, 0.25f, 0.0625f, 0] } },
        { "slopes after the cap", s_capped, new() { Slopes = [1, 0.1f, 0.01f, 0.001f] } },
        { "temperature", s_capped, new() { TemperatureLength = 40 } },
        { "temperature from the second token on", s_grouped, new() { TemperatureLength = 2 } },
        { "all", s_capped, new() { Window = 50, Sinks = [0, 1, -1, 2], Slopes = [0.5f, 0.3f, 0.2f, 0.1f], TemperatureLength = 16 } },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_is_the_softmax_of_its_formula(string name, AttentionShape shape, AttentionModifiers modifiers)
    {
        foreach (var type in (KvType[])[KvType.F32, KvType.F16])
        {
            using var batch = new AttentionCase(shape, type, [(0, 1), (0, 33), (31, 2), (70, 1), (40, 60), (63, 3)], name.Length, modifiers);
            batch.AssertNear(batch.Run(2), Bound);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Threads_and_chunks_do_not_change_a_bit(string name, AttentionShape shape, AttentionModifiers modifiers)
    {
        using var batch = new AttentionCase(shape, KvType.F32, [(0, 100), (37, 30)], name.Length, modifiers);
        var expected = batch.Run(1);
        Assert.Equal(expected, batch.Run(3));
        foreach (var chunk in (int[])[1, 7, 31, 33, 64])
        {
            Assert.Equal(expected, batch.RunChunked(chunk));
        }
    }

    [Theory]
    [InlineData(9)]
    [InlineData(32)]
    [InlineData(40)]
    public void A_query_sees_nothing_before_its_window(int window)
    {
        using var batch = new AttentionCase(s_grouped, KvType.F32, [(0, 120)], 3, new() { Window = window });
        var expected = batch.Run(1);
        batch.Poison(sequence: 0, fromPosition: 0, float.NaN, endPosition: 50);
        var actual = batch.Run(1);
        var first = (50 + window - 1) * s_grouped.Heads * s_grouped.ValueWidth;
        Assert.Equal(expected[first..], actual[first..]);
        Assert.True(float.IsNaN(actual[first - 1]));
    }

    [Fact]
    public void Modifiers_that_change_nothing_do_not_change_a_bit()
    {
        using var plain = new AttentionCase(s_capped, KvType.F16, [(0, 90)], 4);
        using var same = new AttentionCase(s_capped, KvType.F16, [(0, 90)], 4, new() { Window = 90, Slopes = [0, 0, 0, 0], TemperatureLength = 90, Sinks = [.. Enumerable.Repeat(float.NegativeInfinity, 4)] });
        Assert.Equal(plain.Run(2), same.Run(2));
    }

    [Fact]
    public void Alibi_slopes_are_those_of_the_paper()
    {
        Assert.Equal([0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f, 0.0078125f, 0.00390625f], AttentionModifiers.AlibiSlopes(8, 8));
        // 12 heads: the 8 of a power of two, then the 1st, 3rd, 5th and 7th of 16.
        var slopes = AttentionModifiers.AlibiSlopes(12, 8);
        Assert.Equal(AttentionModifiers.AlibiSlopes(8, 8), slopes[..8]);
        var sixteen = AttentionModifiers.AlibiSlopes(16, 8);
        Assert.Equal([sixteen[0], sixteen[2], sixteen[4], sixteen[6]], slopes[8..]);
        Assert.Equal(40, AttentionModifiers.AlibiSlopes(40, 8).Length);
    }

    [Fact]
    public void One_value_a_head_is_asked_for()
    {
        using var pool = new ComputePool(1);
        using var attention = new PagedAttention(s_grouped, 1, 1, IsaLevels.Best);
        using var buffer = new AlignedBuffer<float>(4 * 40);
        var layout = new KvLayerLayout(KvType.F32, 0, 2, 24, 40);
        foreach (var modifiers in (AttentionModifiers[])[new() { Sinks = new float[3] }, new() { Slopes = new float[5] }])
        {
            var exception = Assert.Throws<ArgumentException>(() => attention.Run(pool, [], layout, buffer, buffer, modifiers));
            Assert.Contains("each of 4 heads", exception.Message, StringComparison.Ordinal);
        }
    }
}
