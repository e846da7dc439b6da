using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Xunit;

namespace Crescent.Kernels.Tests.Training;

/// <summary>Attention over packed documents, longer and shorter than a block of queries, against the same in doubles.</summary>
public sealed class CausalAttentionTests : IDisposable
{
    private const int Heads = 3, KeyWidth = 36, ValueWidth = 20, ValueStride = 28, Tokens = 1 + 130 + 48 + 70;
    private const float Scale = 0.3f;
    private const double Bound = 2e-5; // relative error of a whole buffer

    private static readonly AttentionSegment[] s_segments = [new(0, 1), new(1, 130), new(131, 48), new(179, 70)];

    private readonly ComputePool _pool = new(2);
    private readonly List<AlignedBuffer<float>> _buffers = [];

    [Fact]
    public void Outputs_and_gradients_are_those_of_doubles()
    {
        var batch = new AttentionBatch
        {
            Segments = s_segments,
            Heads = Heads,
            Scale = Scale,
            Queries = Rows(KeyWidth, KeyWidth, 1),
            Keys = Rows(KeyWidth, KeyWidth, 2),
            Values = Rows(ValueStride, ValueWidth, 3) with { Start = 5 },
            Output = Rows(ValueWidth, ValueWidth, 0),
            LogSums = Rows(1, 1, 0),
        };
        var change = Rows(ValueWidth, ValueWidth, 4);
        var (queries, keys, values) = (Rows(KeyWidth, KeyWidth, 0), Rows(KeyWidth, KeyWidth, 0), Rows(ValueStride, ValueWidth, 0) with { Start = 5 });
        var largest = new float[Heads];
        Array.Fill(largest, float.NegativeInfinity);
        AttentionForward.Run(_pool, batch, largest);
        AttentionBackward.Run(_pool, batch, change, queries, keys, values);

        var expected = new Reference(batch, change);
        Close(expected.Output, batch.Output);
        Close(expected.Queries, queries);
        Close(expected.Keys, keys);
        Close(expected.Values, values);
        Assert.All(Enumerable.Range(0, Heads), h => Assert.Equal(expected.Largest[h], largest[h], 1e-4));
    }

    [Fact]
    public void Places_outside_their_buffers_are_refused()
    {
        var batch = new AttentionBatch
        {
            Segments = [new(0, Tokens + 1)],
            Heads = Heads,
            Scale = Scale,
            Queries = Rows(KeyWidth, KeyWidth, 1),
            Keys = Rows(KeyWidth, KeyWidth, 2),
            Values = Rows(ValueWidth, ValueWidth, 3),
            Output = Rows(ValueWidth, ValueWidth, 0),
            LogSums = Rows(1, 1, 0),
        };
        Assert.Throws<ArgumentException>(() => AttentionForward.Run(_pool, batch, new float[Heads]));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _buffers.ForEach(buffer => buffer.Dispose());
    }

    private HeadRows Rows(int stride, int width, int seed)
    {
        var buffer = new AlignedBuffer<float>((Tokens * Heads * stride) + 5);
        _buffers.Add(buffer);
        var random = new Random(seed);
        for (var i = 0L; seed > 0 && i < buffer.Length; i++)
        {
            buffer[i] = (random.NextSingle() * 2) - 1;
        }

        return new HeadRows(buffer, 0, Heads * stride, stride, width);
    }

    private static float At(HeadRows rows, int token, int head, int c) => rows.Buffer[rows.Start + ((long)token * rows.RowStride) + ((long)head * rows.HeadStride) + c];

    private static void Close(double[,,] expected, HeadRows found)
    {
        var (difference, size) = (0.0, 0.0);
        for (var t = 0; t < Tokens; t++)
        {
            for (var h = 0; h < Heads; h++)
            {
                for (var c = 0; c < found.Width; c++)
                {
                    difference += Math.Pow(expected[t, h, c] - At(found, t, h, c), 2);
                    size += expected[t, h, c] * expected[t, h, c];
                }
            }
        }

        Assert.InRange(Math.Sqrt(difference / size), 0, Bound);
    }

    // P = softmax(scale·QKᵀ), O = PV; dV = PᵀdO, dS = P ⊙ (dP − Σ dP·P), dQ = scale·dS K, dK = scale·dSᵀQ.
    private sealed class Reference
    {
        public Reference(AttentionBatch batch, HeadRows change)
        {
            Array.Fill(Largest, double.NegativeInfinity);
            foreach (var segment in batch.Segments)
            {
                for (var h = 0; h < Heads; h++)
                {
                    for (var i = segment.Start; i < segment.Start + segment.Length; i++)
                    {
                        AddQuery(batch, change, segment.Start, i, h);
                    }
                }
            }
        }

        public double[,,] Output { get; } = new double[Tokens, Heads, ValueWidth];

        public double[,,] Queries { get; } = new double[Tokens, Heads, KeyWidth];

        public double[,,] Keys { get; } = new double[Tokens, Heads, KeyWidth];

        public double[,,] Values { get; } = new double[Tokens, Heads, ValueWidth];

        public double[] Largest { get; } = new double[Heads];

        private void AddQuery(AttentionBatch batch, HeadRows change, int first, int i, int h)
        {
            double[] logits = [.. Enumerable.Range(first, i - first + 1).Select(j => Scale * Enumerable.Range(0, KeyWidth).Sum(c => (double)At(batch.Queries, i, h, c) * At(batch.Keys, j, h, c)))];
            Largest[h] = Math.Max(Largest[h], logits.Max());
            var sum = logits.Sum(logit => Math.Exp(logit - logits.Max()));
            double[] weights = [.. logits.Select(logit => Math.Exp(logit - logits.Max()) / sum)];
            double[] slopes = [.. Enumerable.Range(first, weights.Length).Select(j => Enumerable.Range(0, ValueWidth).Sum(c => (double)At(change, i, h, c) * At(batch.Values, j, h, c)))];
            var mean = slopes.Zip(weights, (slope, weight) => slope * weight).Sum();
            for (var j = first; j <= i; j++)
            {
                var weight = weights[j - first];
                var slope = weight * (slopes[j - first] - mean) * Scale;
                for (var c = 0; c < ValueWidth; c++)
                {
                    Output[i, h, c] += weight * At(batch.Values, j, h, c);
                    Values[j, h, c] += weight * At(change, i, h, c);
                }

                for (var c = 0; c < KeyWidth; c++)
                {
                    Queries[i, h, c] += slope * At(batch.Keys, j, h, c);
                    Keys[j, h, c] += slope * At(batch.Queries, i, h, c);
                }
            }
        }
    }
}
