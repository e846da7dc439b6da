using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Kernels.Tests.Attention;

public class PagedAttentionTests
{
    // Scores within ±3, values within ±1: some hundred float32 sums.
    private const double Bound = 1e-5;

    public static TheoryData<string, AttentionShape> Shapes => new()
    {
        { "multi-head", new(4, 4, 16, 16, false, 0.5f) },
        { "grouped", new(8, 2, 64, 64, false, 0.2f) },
        { "groups above a block of heads", new(24, 2, 8, 8, false, 0.5f) },
        { "multi-query on a latent", new(6, 1, 72, 64, true, 0.2f) },
        { "odd widths", new(3, 1, 13, 7, false, 0.5f) },
        { "odd latent", new(5, 1, 19, 11, true, 0.4f) },
        { "wide value", new(2, 2, 8, 100, false, 0.5f) },
        { "one value", new(2, 1, 1, 1, false, 1) },
        { "soft cap", new(4, 2, 32, 32, false, 2, 1.5f) },
        { "soft cap on odd widths", new(2, 1, 9, 5, false, 3, 30) },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attention_is_the_softmax_of_its_formula(string name, AttentionShape shape)
    {
        foreach (var type in (KvType[])[KvType.F32, KvType.F16])
        {
            using var batch = new AttentionCase(shape, type, [(0, 1), (0, 33), (31, 2), (70, 1), (40, 50), (63, 3)], name.Length);
            batch.AssertNear(batch.Run(2), Bound);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Threads_do_not_change_a_bit(string name, AttentionShape shape)
    {
        using var batch = new AttentionCase(shape, KvType.F16, [(0, 40), (90, 1), (17, 29)], name.Length);
        var one = batch.Run(1);
        Assert.Equal(one, batch.Run(2));
        Assert.Equal(one, batch.Run(5));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Chunks_off_the_pages_do_not_change_a_bit(string name, AttentionShape shape)
    {
        using var whole = new AttentionCase(shape, KvType.F32, [(0, 100)], name.Length);
        var expected = whole.Run(1);
        foreach (var chunk in (int[])[1, 7, 31, 33, 64])
        {
            Assert.Equal(expected, whole.RunChunked(chunk));
        }
    }

    [Fact]
    public void Scores_far_apart_and_growing_along_the_text_lose_nothing()
    {
        // The running maximum moves with every tile.
        var shape = new AttentionShape(2, 1, 8, 8, false, 40);
        using var batch = new AttentionCase(shape, KvType.F32, [(0, 120)], 1);
        batch.AssertNear(batch.Run(2), 2e-4); // scores of ±100 are rounded to 1e-5 in float32
    }

    [Fact]
    public void A_query_sees_nothing_after_itself()
    {
        var shape = new AttentionShape(2, 1, 8, 8, false, 1);
        using var batch = new AttentionCase(shape, KvType.F32, [(0, 50)], 2);
        var expected = batch.Run(1);
        batch.Poison(sequence: 0, fromPosition: 40, float.NaN);
        var actual = batch.Run(1);
        Assert.Equal(expected[..(40 * 2 * 8)], actual[..(40 * 2 * 8)]);
        Assert.True(float.IsNaN(actual[40 * 2 * 8]));
    }
}
