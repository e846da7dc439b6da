using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.Attention;

/// <summary>A batch of spans over pages of random keys and values.</summary>
internal sealed class AttentionCase : IDisposable
{
    private readonly AttentionShape _shape;
    private readonly AttentionModifiers _modifiers;
    private readonly KvLayerLayout _layout;
    private readonly List<AlignedBuffer<byte>> _pages = [];
    private readonly AttentionSpan[] _spans;
    private readonly AlignedBuffer<float> _queries;
    private readonly int _rows;

    public AttentionCase(AttentionShape shape, KvType type, (int First, int Count)[] spans, int seed, AttentionModifiers? modifiers = null)
    {
        _shape = shape;
        _modifiers = modifiers ?? AttentionModifiers.None;
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

    public float[] Run(int threads, IsaLevel? isa = null)
    {
        using var pool = new ComputePool(threads, threads);
        using var attention = new PagedAttention(_shape, _rows, threads, isa ?? IsaLevels.Best);
        using var output = Output();
        attention.Run(pool, _spans, _layout, _queries, output, _modifiers);
        return output.Span(0, (int)output.Length).ToArray();
    }

    public float[] RunChunked(int chunk)
    {
        using var pool = new ComputePool(2);
        using var attention = new PagedAttention(_shape, _rows, 2, IsaLevels.Best);
        using var output = Output();
        foreach (var span in _spans)
        {
            for (var first = 0; first < span.Count; first += chunk)
            {
                var part = span with { FirstRow = span.FirstRow + first, Count = Math.Min(chunk, span.Count - first), FirstPosition = span.FirstPosition + first };
                attention.Run(pool, [part], _layout, _queries, output, _modifiers);
            }
        }

        return output.Span(0, (int)output.Length).ToArray();
    }

    public void Poison(int sequence, int fromPosition, float value, int? endPosition = null)
    {
        var span = _spans[sequence];
        for (var position = fromPosition; position < (endPosition ?? span.FirstPosition + span.Count); position++)
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
        var first = _modifiers.Window > 0 ? Math.Max(0, position - _modifiers.Window + 1) : 0;
        var scores = new double[position + 1];
        for (var p = first; p <= position; p++)
        {
            Load(span.Pages, p, kvHead, key, value);
            for (var i = 0; i < key.Length; i++)
            {
                scores[p] += (double)key[i] * query[i];
            }

            scores[p] *= _shape.Scale;
            scores[p] = _shape.SoftCap > 0 ? _shape.SoftCap * Math.Tanh(scores[p] / _shape.SoftCap) : scores[p];
            scores[p] *= _modifiers.TemperatureLength > 0 && position > _modifiers.TemperatureLength ? Math.Log(position) / Math.Log(_modifiers.TemperatureLength) : 1;
            scores[p] -= (_modifiers.Slopes?[head] ?? 0) * (position - p);
        }

        // A sink is one more score, whose value is nothing.
        var max = Math.Max(scores[first..].Max(), _modifiers.Sinks?[head] ?? double.NegativeInfinity);
        var weights = scores.Select(score => Math.Exp(score - max)).ToArray();
        var sum = weights[first..].Sum() + (_modifiers.Sinks is { } sinks ? Math.Exp(sinks[head] - max) : 0);
        var output = new double[value.Length];
        for (var p = first; p <= position; p++)
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
