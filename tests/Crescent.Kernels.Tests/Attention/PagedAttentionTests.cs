using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
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

    /// <summary>A batch of spans over pages of random keys and values.</summary>
    private sealed class AttentionCase : IDisposable
    {
        private readonly AttentionShape _shape;
        private readonly KvLayerLayout _layout;
        private readonly List<AlignedBuffer<byte>> _pages = [];
        private readonly AttentionSpan[] _spans;
        private readonly AlignedBuffer<float> _queries;
        private readonly int _rows;

        public AttentionCase(AttentionShape shape, KvType type, (int First, int Count)[] spans, int seed)
        {
            _shape = shape;
            _layout = new KvLayerLayout(type, 64, shape.KvHeads, shape.KeyWidth, shape.ValueIsKeyPrefix ? 0 : shape.ValueWidth);
            var random = new Random(seed);
            _spans = new AttentionSpan[spans.Length];
            for (var s = 0; s < spans.Length; s++)
            {
                var length = spans[s].First + spans[s].Count;
                var pages = new ByteRegion[(length + PagedAttention.PageTokens - 1) / PagedAttention.PageTokens];
                for (var p = 0; p < pages.Length; p++)
                {
                    _pages.Add(new AlignedBuffer<byte>(64 + _layout.Bytes));
                    pages[p] = _pages[^1].Bytes;
                }

                for (var position = 0; position < length; position++)
                {
                    for (var head = 0; head < shape.KvHeads; head++)
                    {
                        Store(pages, position, head, Random(random, shape.KeyWidth), _layout.ValueWidth > 0 ? Random(random, shape.ValueWidth) : []);
                    }
                }

                _spans[s] = new AttentionSpan(_rows, spans[s].Count, spans[s].First, pages);
                _rows += spans[s].Count;
            }

            _queries = new AlignedBuffer<float>((long)_rows * shape.Heads * shape.KeyWidth);
            Random(random, (int)_queries.Length).CopyTo(_queries.Span(0, (int)_queries.Length));
        }

        public float[] Run(int threads)
        {
            using var pool = new ComputePool(threads);
            using var attention = new PagedAttention(_shape, _rows, threads);
            using var output = Output();
            attention.Run(pool, _spans, _layout, _queries, output);
            return output.Span(0, (int)output.Length).ToArray();
        }

        public float[] RunChunked(int chunk)
        {
            using var pool = new ComputePool(2);
            using var attention = new PagedAttention(_shape, _rows, 2);
            using var output = Output();
            foreach (var span in _spans)
            {
                for (var first = 0; first < span.Count; first += chunk)
                {
                    var part = span with { FirstRow = span.FirstRow + first, Count = Math.Min(chunk, span.Count - first), FirstPosition = span.FirstPosition + first };
                    attention.Run(pool, [part], _layout, _queries, output);
                }
            }

            return output.Span(0, (int)output.Length).ToArray();
        }

        public void Poison(int sequence, int fromPosition, float value)
        {
            var span = _spans[sequence];
            for (var position = fromPosition; position < span.FirstPosition + span.Count; position++)
            {
                for (var head = 0; head < _shape.KvHeads; head++)
                {
                    Store(span.Pages, position, head, Enumerable.Repeat(value, _shape.KeyWidth).ToArray(), Enumerable.Repeat(value, _layout.ValueWidth).ToArray());
                }
            }
        }

        public void AssertNear(float[] actual, double bound)
        {
            foreach (var span in _spans)
            {
                for (var token = 0; token < span.Count; token++)
                {
                    for (var head = 0; head < _shape.Heads; head++)
                    {
                        var row = ((span.FirstRow + token) * _shape.Heads) + head;
                        var expected = Naive(span, span.FirstPosition + token, head, _queries.Span((long)row * _shape.KeyWidth, _shape.KeyWidth));
                        for (var i = 0; i < expected.Length; i++)
                        {
                            Assert.Equal(expected[i], actual[(row * _shape.ValueWidth) + i], bound);
                        }
                    }
                }
            }
        }

        public void Dispose()
        {
            _pages.ForEach(page => page.Dispose());
            _queries.Dispose();
        }

        private AlignedBuffer<float> Output()
        {
            var output = new AlignedBuffer<float>((long)_rows * _shape.Heads * _shape.ValueWidth);
            output.Span(0, (int)output.Length).Fill(float.NaN); // nothing may be read before it is written
            return output;
        }

        private double[] Naive(AttentionSpan span, int position, int head, Span<float> query)
        {
            var kvHead = head / (_shape.Heads / _shape.KvHeads);
            var (key, value) = (new float[_shape.KeyWidth], new float[_shape.ValueWidth]);
            var scores = new double[position + 1];
            for (var p = 0; p <= position; p++)
            {
                Load(span.Pages, p, kvHead, key, value);
                for (var i = 0; i < key.Length; i++)
                {
                    scores[p] += (double)key[i] * query[i];
                }

                scores[p] *= _shape.Scale;
                scores[p] = _shape.SoftCap > 0 ? _shape.SoftCap * Math.Tanh(scores[p] / _shape.SoftCap) : scores[p];
            }

            var weights = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
            var sum = weights.Sum();
            var output = new double[value.Length];
            for (var p = 0; p <= position; p++)
            {
                Load(span.Pages, p, kvHead, key, value);
                for (var i = 0; i < output.Length; i++)
                {
                    output[i] += weights[p] / sum * value[i];
                }
            }

            return output;
        }

        private void Load(ByteRegion[] pages, int position, int head, float[] key, float[] value)
        {
            var (page, slot) = (pages[position / PagedAttention.PageTokens], position % PagedAttention.PageTokens);
            KvRow.Decode(_layout.Type, page.Span(_layout.KeyOffset(slot, head), _layout.KeyRowBytes), key);
            if (_layout.ValueWidth > 0)
            {
                KvRow.Decode(_layout.Type, page.Span(_layout.ValueOffset(slot, head), _layout.ValueRowBytes), value);
            }
            else
            {
                key.AsSpan(0, value.Length).CopyTo(value);
            }
        }

        private void Store(ByteRegion[] pages, int position, int head, float[] key, float[] value)
        {
            var (page, slot) = (pages[position / PagedAttention.PageTokens], position % PagedAttention.PageTokens);
            KvRow.Encode(_layout.Type, key, page.Span(_layout.KeyOffset(slot, head), _layout.KeyRowBytes));
            if (_layout.ValueWidth > 0)
            {
                KvRow.Encode(_layout.Type, value, page.Span(_layout.ValueOffset(slot, head), _layout.ValueRowBytes));
            }
        }

        private static float[] Random(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}
