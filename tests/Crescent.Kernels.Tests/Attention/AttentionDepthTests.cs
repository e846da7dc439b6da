using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Kernels.Tests.Attention;

/// <summary>Attention over many segments of positions, which threads may share.</summary>
public class AttentionDepthTests
{
    private const double Bound = 1e-5;

    private static readonly AttentionShape s_latent = new(5, 1, 40, 32, true, 0.3f);
    private static readonly AttentionShape s_grouped = new(6, 2, 16, 24, false, 0.4f);
    private static readonly AttentionShape s_wide = new(40, 2, 8, 8, false, 0.5f);

    public static TheoryData<string, AttentionShape, AttentionModifiers> Cases => new()
    {
        { "latent", s_latent, AttentionModifiers.None },
        { "grouped", s_grouped, AttentionModifiers.None },
        { "many heads", s_wide, AttentionModifiers.None },
        { "window", s_grouped, new() { Window = 600 } },
        { "sinks and slopes", s_latent, new() { Sinks = [1, 2, -3, 0, 5], Slopes = [0.5f, 0.1f, 0.01f, 0, 0.001f] } },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_is_the_softmax_of_its_formula(string name, AttentionShape shape, AttentionModifiers modifiers)
    {
        using var batch = new AttentionCase(shape, KvType.F16, [(255, 1), (256, 1), (1020, 9), (2500, 1), (8700, 2)], name.Length, modifiers);
        batch.AssertNear(batch.Run(1), Bound); // whole sequences
        batch.AssertNear(batch.Run(64), Bound); // a segment an item
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sharing_a_sequence_among_threads_does_not_change_a_bit(string name, AttentionShape shape, AttentionModifiers modifiers)
    {
        using var batch = new AttentionCase(shape, KvType.F32, [(100, 1), (1500, 1), (8700, 3)], name.Length, modifiers);
        var expected = batch.Run(1);
        foreach (var threads in (int[])[2, 3, 9, 64])
        {
            Assert.Equal(expected, batch.Run(threads));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Batches_and_chunks_across_segments_do_not_change_a_bit(string name, AttentionShape shape, AttentionModifiers modifiers)
    {
        using var batch = new AttentionCase(shape, KvType.F32, [(250, 40), (700, 130), (1000, 1)], name.Length, modifiers);
        var expected = batch.Run(3);
        foreach (var chunk in (int[])[1, 6, 70])
        {
            Assert.Equal(expected, batch.RunChunked(chunk));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Levels_give_the_same_bits(string name, AttentionShape shape, AttentionModifiers modifiers)
    {
        Assert.SkipUnless(IsaLevels.IsSupported(IsaLevel.Avx2), "without fused multiply-add the levels round differently");
        using var batch = new AttentionCase(shape, KvType.F16, [(0, 70), (900, 3), (8400, 1)], name.Length, modifiers);
        var expected = batch.Run(2, IsaLevel.Portable);
        Assert.Equal(expected, batch.Run(2, IsaLevel.Avx2));
        if (IsaLevels.IsSupported(IsaLevel.Avx512))
        {
            Assert.Equal(expected, batch.Run(2, IsaLevel.Avx512));
        }
    }

    [Theory]
    [InlineData(KvType.BF16)]
    [InlineData(KvType.Q8_0)]
    public void Other_cache_types_are_read_as_they_were_stored(KvType type)
    {
        var shape = new AttentionShape(12, 2, 64, 32, false, 0.2f);
        using var batch = new AttentionCase(shape, type, [(0, 45), (300, 2)], 7);
        batch.AssertNear(batch.Run(2), Bound);
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void Values_that_are_not_finite_reach_only_those_who_see_them(float value)
    {
        // One head a kv head, so that a group of queries has tokens on both sides.
        var shape = new AttentionShape(2, 2, 8, 8, false, 1);
        using var batch = new AttentionCase(shape, KvType.F32, [(300, 30)], 2);
        var expected = batch.Run(1);
        batch.Poison(sequence: 0, fromPosition: 313, value, endPosition: 314);
        var actual = batch.Run(1);
        var seen = 13 * shape.Heads * shape.ValueWidth;
        Assert.Equal(expected[..seen], actual[..seen]);
        Assert.All(actual[seen..], x => Assert.False(float.IsFinite(x)));
    }
}
