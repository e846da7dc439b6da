using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.LinearAttention;

/// <summary>
/// The gated delta rule with a decay for every key channel (Kimi Linear report, arXiv 2510.26692, section 3), a state S [key, value] a head:
/// <c>S ← diag(α) S; S ← S + k ⊗ β(v − Sᵀk); o = Sᵀq</c>.
/// </summary>
/// <remarks>Sums over the key axis ascend, tokens follow each other: a result depends on its sequence alone, not on batch, chunk or threads.</remarks>
public static unsafe class DeltaRule
{
    /// <summary>Values of a work item: a block of the state, [width, 32], stays in the first-level cache over all tokens of a span.</summary>
    public const int BlockValues = 32;

    /// <summary>Floats of a state.</summary>
    public static long StateFloats(int heads, int width) => (long)heads * width * width;

    /// <summary>Runs all spans, each from its state, which it leaves behind.</summary>
    /// <param name="stateOffset">Where [heads, width (key), width (value)] lies in a span's state.</param>
    /// <param name="width">Values of a key and of a value, a multiple of <see cref="BlockValues"/>.</param>
    /// <param name="mixed">[rows, 3, heads, width]: queries, keys, values</param>
    /// <param name="decay">[rows, heads, width]: α</param>
    /// <param name="beta">[rows, heads]</param>
    /// <param name="output">[rows, heads, width]</param>
    public static void Run(
        ComputePool pool,
        ReadOnlySpan<RecurrentSpan> spans,
        long stateOffset,
        int heads,
        int width,
        AlignedBuffer<float> mixed,
        AlignedBuffer<float> decay,
        AlignedBuffer<float> beta,
        AlignedBuffer<float> output)
    {
        if (heads < 1 || width < BlockValues || width % BlockValues != 0)
        {
            ThrowShape(heads, width);
        }

        var rowFloats = (long)heads * width;
        RecurrentSpan.Check(spans, stateOffset + StateFloats(heads, width), (mixed, 3 * rowFloats), (decay, rowFloats), (beta, heads), (output, rowFloats));
        var work = new Work
        {
            Spans = spans,
            StateOffset = stateOffset,
            Heads = heads,
            Width = width,
            Mixed = mixed.Address,
            Decay = decay.Address,
            Beta = beta.Address,
            Output = output.Address,
        };
        pool.Run(ref work, checked(spans.Length * heads * (width / BlockValues)), 1);
    }

    [DoesNotReturn]
    private static void ThrowShape(int heads, int width) =>
        throw new ArgumentException($"expected at least one head of a multiple of {BlockValues} values, found {heads} of {width}", nameof(width));

    private ref struct Work : IWork
    {
        public ReadOnlySpan<RecurrentSpan> Spans;
        public long StateOffset;
        public int Heads;
        public int Width;
        public float* Mixed;
        public float* Decay;
        public float* Beta;
        public float* Output;

        public readonly void Execute(int start, int end, int worker)
        {
            var blocks = Width / BlockValues;
            for (var item = start; item < end; item++)
            {
                Carry(Spans[item / (Heads * blocks)], item / blocks % Heads, item % blocks * BlockValues);
            }
        }

        // One head's values first..first+32, token by token.
        private readonly void Carry(in RecurrentSpan span, int head, int first)
        {
            var offset = StateOffset + ((long)head * Width * Width) + first;
            var state = span.State.Address + offset;
            for (var token = 0; token < span.Count; token++)
            {
                var item = (((long)span.FirstRow + token) * Heads) + head; // [rows, heads]
                var query = Mixed + ((((3L * (span.FirstRow + token)) * Heads) + head) * Width);
                var key = query + ((long)Heads * Width);
                var value = key + ((long)Heads * Width) + first;
                Step(state, Width, query, key, value, Decay + (item * Width), Beta[item], Output + (item * Width) + first);
                if (span.SavesAfter(token))
                {
                    for (var k = 0; k < Width; k++)
                    {
                        new ReadOnlySpan<float>(state + ((long)k * Width), BlockValues).CopyTo(new Span<float>(span.Saved!.Address + offset + ((long)k * Width), BlockValues));
                    }
                }
            }
        }
    }

    // Four vectors of values are carried at once. The decayed state is computed twice, to the same bits, rather than stored twice.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Step(float* state, nint width, float* query, float* key, float* value, float* decay, float beta, float* output)
    {
        var a0 = Vector256<float>.Zero; // Sᵀk
        var a1 = Vector256<float>.Zero;
        var a2 = Vector256<float>.Zero;
        var a3 = Vector256<float>.Zero;
        var s = state;
        for (nint i = 0; i < width; i++, s += width)
        {
            var alpha = Vector256.Create(decay[i]);
            var k = Vector256.Create(key[i]);
            a0 = Vector256.MultiplyAddEstimate(Vector256.Load(s) * alpha, k, a0);
            a1 = Vector256.MultiplyAddEstimate(Vector256.Load(s + 8) * alpha, k, a1);
            a2 = Vector256.MultiplyAddEstimate(Vector256.Load(s + 16) * alpha, k, a2);
            a3 = Vector256.MultiplyAddEstimate(Vector256.Load(s + 24) * alpha, k, a3);
        }

        var d0 = (Vector256.Load(value) - a0) * beta; // β(v − Sᵀk)
        var d1 = (Vector256.Load(value + 8) - a1) * beta;
        var d2 = (Vector256.Load(value + 16) - a2) * beta;
        var d3 = (Vector256.Load(value + 24) - a3) * beta;
        a0 = a1 = a2 = a3 = Vector256<float>.Zero; // Sᵀq
        s = state;
        for (nint i = 0; i < width; i++, s += width)
        {
            var alpha = Vector256.Create(decay[i]);
            var k = Vector256.Create(key[i]);
            var q = Vector256.Create(query[i]);
            var s0 = Vector256.MultiplyAddEstimate(k, d0, Vector256.Load(s) * alpha);
            var s1 = Vector256.MultiplyAddEstimate(k, d1, Vector256.Load(s + 8) * alpha);
            var s2 = Vector256.MultiplyAddEstimate(k, d2, Vector256.Load(s + 16) * alpha);
            var s3 = Vector256.MultiplyAddEstimate(k, d3, Vector256.Load(s + 24) * alpha);
            s0.Store(s);
            s1.Store(s + 8);
            s2.Store(s + 16);
            s3.Store(s + 24);
            a0 = Vector256.MultiplyAddEstimate(q, s0, a0);
            a1 = Vector256.MultiplyAddEstimate(q, s1, a1);
            a2 = Vector256.MultiplyAddEstimate(q, s2, a2);
            a3 = Vector256.MultiplyAddEstimate(q, s3, a3);
        }

        a0.Store(output);
        a1.Store(output + 8);
        a2.Store(output + 16);
        a3.Store(output + 24);
    }
}
