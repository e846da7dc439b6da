using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Elementwise;

namespace Crescent.Kernels.Attention;

/// <summary>One query against one tile of keys and values: scores, the running softmax, the weighted sum of values.</summary>
internal static unsafe class AttentionTile
{
    /// <param name="query">[keyStride], zero-padded</param>
    /// <param name="keys">[PageTokens, keyStride], zero-padded</param>
    /// <param name="view">What the query sees of the tile.</param>
    /// <param name="scores">[PageTokens], scratch</param>
    /// <param name="stats">[2]: running maximum and sum</param>
    /// <param name="output">[valueWidth]: running weighted sum</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Accumulate(
        AttentionShape shape, float* query, float* keys, int keyStride, float* values, int valueStride, in TileView view, float* scores, float* stats, float* output, bool initialise)
    {
        var max = Scores(shape, query, keys, keyStride, view, scores);
        var oldMax = initialise ? float.NegativeInfinity : stats[0];
        var oldSum = initialise ? 0f : stats[1];
        var newMax = MathF.Max(oldMax, max);
        var carry = initialise ? 0f : MathF.Exp(oldMax - newMax);
        // Lanes of keys that are not visible hold −∞, so their weight is 0.
        var sum = Softmax.ExpInPlace(new Span<float>(scores, PagedAttention.PageTokens), newMax);
        stats[0] = newMax;
        stats[1] = (oldSum * carry) + sum;
        WeightedSum(values, valueStride, shape.ValueWidth, view, scores, carry, output, initialise);
    }

    /// <summary>Divides the weighted sum by the sum of weights.</summary>
    public static void Finish(float* output, int width, float sum) => Scale(output, width, 1f / sum);

    /// <summary>The same with a logit that takes part in the sum of weights and has no value.</summary>
    /// <param name="stats">[2]: running maximum and sum</param>
    public static void FinishWithSink(float* output, int width, float* stats, float sink)
    {
        var max = MathF.Max(stats[0], sink);
        var carry = MathF.Exp(stats[0] - max);
        Scale(output, width, carry / ((stats[1] * carry) + MathF.Exp(sink - max)));
    }

    private static void Scale(float* output, int width, float scale)
    {
        for (var i = 0; i < width; i++)
        {
            output[i] *= scale;
        }
    }

    // A score is summed in 8 lanes along the width, then by a fixed tree; four keys a turn share the query's loads.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scores(AttentionShape shape, float* query, float* keys, int keyStride, in TileView view, float* scores)
    {
        var (start, end) = (view.Start, view.End);
        for (var j = 0; j < PagedAttention.PageTokens; j += 4)
        {
            if (j >= end || j + 4 <= start)
            {
                Vector128.Create(float.NegativeInfinity).Store(scores + j);
                continue;
            }

            var k = keys + ((long)j * keyStride);
            var s0 = Vector256<float>.Zero;
            var s1 = Vector256<float>.Zero;
            var s2 = Vector256<float>.Zero;
            var s3 = Vector256<float>.Zero;
            for (var i = 0; i < keyStride; i += 8)
            {
                var q = Vector256.Load(query + i);
                s0 = Vector256.MultiplyAddEstimate(q, Vector256.Load(k + i), s0);
                s1 = Vector256.MultiplyAddEstimate(q, Vector256.Load(k + keyStride + i), s1);
                s2 = Vector256.MultiplyAddEstimate(q, Vector256.Load(k + (2 * keyStride) + i), s2);
                s3 = Vector256.MultiplyAddEstimate(q, Vector256.Load(k + (3 * keyStride) + i), s3);
            }

            scores[j] = Vector256.Sum(s0) * shape.Scale;
            scores[j + 1] = Vector256.Sum(s1) * shape.Scale;
            scores[j + 2] = Vector256.Sum(s2) * shape.Scale;
            scores[j + 3] = Vector256.Sum(s3) * shape.Scale;
        }

        if (shape.SoftCap > 0)
        {
            SoftCap.Apply(new Span<float>(scores + start, end - start), shape.SoftCap);
        }

        if (view.IsModified)
        {
            for (var j = start; j < end; j++)
            {
                scores[j] = (scores[j] * view.Temperature) - (view.Slope * (view.Distance - j));
            }
        }

        var max = float.NegativeInfinity;
        for (var j = start; j < end; j++)
        {
            max = MathF.Max(max, scores[j]);
        }

        for (var j = 0; j < start; j++)
        {
            scores[j] = float.NegativeInfinity;
        }

        for (var j = end; j < PagedAttention.PageTokens; j++)
        {
            scores[j] = float.NegativeInfinity;
        }

        return max;
    }

    // output ← output·carry + Σ_j scores[j]·values[j], j ascending; 32 values at a time stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightedSum(float* values, int valueStride, int width, in TileView view, float* scores, float carry, float* output, bool initialise)
    {
        var (start, end) = (view.Start, view.End);
        values += (long)start * valueStride;
        var scale = Vector256.Create(carry);
        var i = 0;
        for (; i + 32 <= width; i += 32)
        {
            var a0 = initialise ? Vector256<float>.Zero : Vector256.Load(output + i) * scale;
            var a1 = initialise ? Vector256<float>.Zero : Vector256.Load(output + i + 8) * scale;
            var a2 = initialise ? Vector256<float>.Zero : Vector256.Load(output + i + 16) * scale;
            var a3 = initialise ? Vector256<float>.Zero : Vector256.Load(output + i + 24) * scale;
            var v = values + i;
            for (var j = start; j < end; j++, v += valueStride)
            {
                var p = Vector256.Create(scores[j]);
                a0 = Vector256.MultiplyAddEstimate(p, Vector256.Load(v), a0);
                a1 = Vector256.MultiplyAddEstimate(p, Vector256.Load(v + 8), a1);
                a2 = Vector256.MultiplyAddEstimate(p, Vector256.Load(v + 16), a2);
                a3 = Vector256.MultiplyAddEstimate(p, Vector256.Load(v + 24), a3);
            }

            a0.Store(output + i);
            a1.Store(output + i + 8);
            a2.Store(output + i + 16);
            a3.Store(output + i + 24);
        }

        for (; i < width; i++)
        {
            var sum = initialise ? 0f : output[i] * carry;
            for (var j = start; j < end; j++)
            {
                sum = MathF.FusedMultiplyAdd(scores[j], values[((long)(j - start) * valueStride) + i], sum);
            }

            output[i] = sum;
        }
    }
}
