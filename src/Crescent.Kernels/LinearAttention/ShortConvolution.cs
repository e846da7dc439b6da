using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.LinearAttention;

/// <summary>
/// The short causal convolution in front of linear attention, one filter a channel, with SiLU: <c>y_t = silu(Σ_j w_j · x_{t−K+1+j})</c>, j ascending.
/// The state keeps the last K − 1 inputs, zeros before the first token.
/// </summary>
public static unsafe class ShortConvolution
{
    private const int BlockChannels = 128; // of a work item

    /// <summary>Floats of a state.</summary>
    /// <param name="taps">K, at least 2.</param>
    public static long StateFloats(int taps, int channels) => (taps - 1L) * channels;

    /// <summary>Filters the rows of all spans in place.</summary>
    /// <param name="stateOffset">Where [K − 1, channels], oldest first, lies in a span's state.</param>
    /// <param name="weights">[K, channels]; the last tap meets the current token.</param>
    /// <param name="channels">A multiple of 8.</param>
    /// <param name="values">[rows, channels]</param>
    public static void Run(ComputePool pool, ReadOnlySpan<RecurrentSpan> spans, long stateOffset, float[] weights, int channels, AlignedBuffer<float> values)
    {
        if (channels < 8 || channels % 8 != 0 || weights.Length % channels != 0 || weights.Length < 2 * channels)
        {
            ThrowShape(channels, weights.Length);
        }

        var taps = weights.Length / channels;
        RecurrentSpan.Check(spans, stateOffset + StateFloats(taps, channels), (values, channels));
        fixed (float* filter = weights)
        {
            var work = new Work { Spans = spans, StateOffset = stateOffset, Weights = filter, Taps = taps, Channels = channels, Values = values.Address };
            pool.Run(ref work, spans.Length * Work.Blocks(channels), 1);
        }
    }

    [DoesNotReturn]
    private static void ThrowShape(int channels, int weights) =>
        throw new ArgumentException($"expected channels in multiples of 8 and at least two taps for each, found {channels} channels and {weights} weights", nameof(weights));

    private ref struct Work : IWork
    {
        public ReadOnlySpan<RecurrentSpan> Spans;
        public long StateOffset;
        public float* Weights;
        public int Taps;
        public int Channels;
        public float* Values;

        public static int Blocks(int channels) => (channels + BlockChannels - 1) / BlockChannels;

        public readonly void Execute(int start, int end, int worker)
        {
            var blocks = Blocks(Channels);
            for (var item = start; item < end; item++)
            {
                ref readonly var span = ref Spans[item / blocks];
                var first = item % blocks * BlockChannels;
                Filter(span, first, Math.Min(first + BlockChannels, Channels));
            }
        }

        private readonly void Filter(in RecurrentSpan span, int first, int end)
        {
            var tail = span.State.Address + StateOffset;
            for (var token = 0; token < span.Count; token++)
            {
                Step(Values + (((long)span.FirstRow + token) * Channels), tail, Weights, Taps, Channels, first, end);
                if (span.SavesAfter(token))
                {
                    for (var tap = 0; tap < Taps - 1; tap++)
                    {
                        var at = ((long)tap * Channels) + first;
                        new ReadOnlySpan<float>(tail + at, end - first).CopyTo(new Span<float>(span.Saved!.Address + StateOffset + at, end - first));
                    }
                }
            }
        }
    }

    // One token of channels first..end; the tail moves on by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Step(float* row, float* tail, float* weights, int taps, nint channels, nint first, nint end)
    {
        for (var c = first; c < end; c += 8)
        {
            var sum = Vector256.Load(tail + c) * Vector256.Load(weights + c);
            var tap = channels;
            for (var j = 1; j < taps - 1; j++, tap += channels)
            {
                var x = Vector256.Load(tail + tap + c);
                sum = Vector256.MultiplyAddEstimate(x, Vector256.Load(weights + tap + c), sum);
                x.Store(tail + tap - channels + c);
            }

            var current = Vector256.Load(row + c);
            sum = Vector256.MultiplyAddEstimate(current, Vector256.Load(weights + tap + c), sum);
            current.Store(tail + tap - channels + c);
            (sum / (Vector256<float>.One + Vector256.Exp(-sum))).Store(row + c);
        }
    }
}
