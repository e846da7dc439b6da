using Crescent.Engine.KvCache;
using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Tests.KvCache;

public sealed class PagePoolTests
{
    private const int PageTokens = PagedAttention.PageTokens;

    private static readonly KvCacheLayout s_layout = new([new KvLayerShape(2, 8, 4), new KvLayerShape(1, 12, 0)], KvType.F32);

    [Fact]
    public void A_layout_places_every_layer_after_the_one_before()
    {
        Assert.Equal(2, s_layout.Layers.Count);
        Assert.Equal(0, s_layout.Layers[0].Offset);
        Assert.Equal(PageTokens * 2 * (8 + 4) * sizeof(float), s_layout.Layers[0].Bytes);
        Assert.Equal(s_layout.Layers[0].Bytes, s_layout.Layers[1].Offset);
        Assert.Equal(s_layout.Layers[0].Bytes + (PageTokens * 12 * sizeof(float)), s_layout.PageBytes);
        Assert.Equal((2 * 12 * sizeof(float)) + (12 * sizeof(float)), s_layout.BytesPerToken);
    }

    [Fact]
    public void Rows_of_a_page_never_overlap()
    {
        var layout = new KvCacheLayout([new KvLayerShape(3, 7, 5), new KvLayerShape(2, 9, 0)], KvType.F16);
        var taken = new HashSet<long>();
        foreach (var layer in layout.Layers)
        {
            for (var slot = 0; slot < PageTokens; slot++)
            {
                for (var head = 0; head < layer.KvHeads; head++)
                {
                    Take(layer.KeyOffset(slot, head), layer.KeyRowBytes);
                    Take(layer.ValueOffset(slot, head), layer.ValueRowBytes);
                }
            }
        }

        void Take(long offset, int bytes)
        {
            for (var at = offset; at < offset + bytes; at++)
            {
                Assert.True(at < layout.PageBytes && taken.Add(at), $"byte {at}");
            }
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(32, 1)]
    [InlineData(33, 2)]
    [InlineData(640, 20)]
    public void Pages_are_counted_up(int tokens, int pages) => Assert.Equal(pages, PagePool.PagesFor(tokens));

    [Fact]
    public void A_pool_gives_no_more_pages_than_it_may()
    {
        using var pool = new PagePool(s_layout, 3);
        var (first, second) = (new SequencePages(pool), new SequencePages(pool));
        Assert.True(first.TryReserve(40));
        Assert.Equal(64, first.Capacity);
        Assert.False(second.TryReserve(40));
        Assert.Equal(32, second.Capacity); // the page it got stays
        Assert.Equal(0, pool.Available);
        first.Release();
        Assert.Equal(2, pool.Available);
        Assert.True(second.TryReserve(96));
        Assert.Equal(3 * s_layout.PageBytes, pool.AllocatedBytes);
        pool.CheckIntegrity();
    }

    [Fact]
    public void A_table_follows_its_pages_past_its_first_size()
    {
        using var pool = new PagePool(s_layout, 40);
        var pages = new SequencePages(pool);
        Assert.True(pages.TryReserve(40 * PageTokens));
        for (var i = 0; i < 40; i++)
        {
            pages.Table[i].Span(0, 1)[0] = (byte)i;
        }

        Assert.Equal(Enumerable.Range(0, 40), pages.Table.Take(40).Select(page => (int)page.Span(0, 1)[0]));
    }

    [Fact]
    public void Only_whole_pages_of_the_same_beginning_are_shared()
    {
        using var pool = new PagePool(s_layout, 10);
        var tokens = Enumerable.Range(0, 80).ToArray();
        var first = new SequencePages(pool);
        Assert.True(first.TryReserve(80));
        first.Table[1].Span(0, 1)[0] = 77;
        first.Publish(tokens, 80);

        Assert.Equal(64, Share(tokens, 80));
        Assert.Equal(64, Share(tokens, 64));
        Assert.Equal(32, Share(tokens, 63)); // the limit
        Assert.Equal(0, Share(tokens, 31));
        var other = tokens.ToArray();
        other[40] = 500;
        Assert.Equal(32, Share(other, 80));
        other[0] = 500;
        Assert.Equal(0, Share(other, 80));
        Assert.Equal(0, Share(tokens.AsSpan(32).ToArray(), 48)); // the same page after another beginning
        pool.CheckIntegrity();

        int Share(int[] prompt, int limit)
        {
            var pages = new SequencePages(pool);
            var shared = pages.SharePrefix(prompt, limit);
            Assert.Equal(shared > 32 ? 77 : 0, shared > 32 ? pages.Table[1].Span(0, 1)[0] : 0);
            pages.Release();
            return shared;
        }
    }

    [Fact]
    public void Released_pages_keep_their_content_until_their_memory_is_wanted_oldest_first()
    {
        using var pool = new PagePool(s_layout, 2);
        Fill(1);
        Fill(2);
        Assert.Equal(2, pool.Available);
        Assert.Equal(32, Shared(1));
        Assert.Equal(32, Shared(2));
        Fill(3); // takes the page that was released first: that of 1
        Assert.Equal(0, Shared(1));
        Assert.Equal(32, Shared(2));
        Assert.Equal(32, Shared(3));
        pool.CheckIntegrity();

        void Fill(int token)
        {
            var pages = new SequencePages(pool);
            Assert.True(pages.TryReserve(PageTokens));
            pages.Publish(Prompt(token), PageTokens);
            pages.Release();
        }

        int Shared(int token)
        {
            var pages = new SequencePages(pool);
            var shared = pages.SharePrefix(Prompt(token), PageTokens);
            pages.Release();
            return shared;
        }

        static int[] Prompt(int token) => [.. Enumerable.Repeat(token, PageTokens)];
    }

    [Fact]
    public void A_shared_page_is_not_taken_while_one_sequence_holds_it()
    {
        using var pool = new PagePool(s_layout, 2);
        var tokens = Enumerable.Range(0, 33).ToArray();
        var first = new SequencePages(pool);
        Assert.True(first.TryReserve(32));
        first.Publish(tokens, 32);
        var second = new SequencePages(pool);
        Assert.Equal(32, second.SharePrefix(tokens, 32));
        first.Release();
        Assert.Equal(1, pool.Available);
        var third = new SequencePages(pool);
        Assert.False(third.TryReserve(64));
        second.Release();
        Assert.True(third.TryReserve(64));
        Assert.Equal(0, new SequencePages(pool).SharePrefix(tokens, 32)); // its memory is in use for something else
        pool.CheckIntegrity();
    }
}
