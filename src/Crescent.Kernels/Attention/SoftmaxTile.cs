using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Elementwise;

namespace Crescent.Kernels.Attention;

/// <summary>The running softmax of a query over the tiles of its keys (Milakov and Gimelshein 2018).</summary>
internal static unsafe class SoftmaxTile
{
    // exp(x) is taken as 0 below: a weight under 5·10⁻³⁸ of the greatest one.
    private const float LeastExponent = -86;

    /// <summary>
    /// Turns a query's scores of a tile into weights, moves its running maximum and sum, and returns the factor on what it has summed so far.
    /// Keys outside the view get weight 0.
    /// </summary>
    /// <param name="scores">[last]: scores first..last, overwritten by weights</param>
    /// <param name="first">A multiple of <see cref="ScoreTile.PanelKeys"/>, as is <paramref name="last"/>.</param>
    /// <param name="stats">[2]: running maximum and sum; −∞ and 0 before the first tile</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Run<TLanes, TVector>(float* scores, int first, int last, in TileView view, float softCap, float* stats)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        if (softCap > 0 && view.End > view.Start)
        {
            SoftCap.Apply(new Span<float>(scores + view.Start, view.End - view.Start), softCap);
        }

        if (view.IsModified)
        {
            Modify<TLanes, TVector>(scores, first, last, in view);
        }

        for (var j = first; j < view.Start && j < last; j++)
        {
            scores[j] = float.NegativeInfinity;
        }

        for (var j = Math.Max(first, view.End); j < last; j++)
        {
            scores[j] = float.NegativeInfinity;
        }

        var max = MathF.Max(stats[0], Max<TLanes, TVector>(scores + first, last - first));
        var shift = float.IsNegativeInfinity(max) ? 0 : max; // nothing visible yet: all weights are 0
        var subtrahend = TLanes.Create(shift);
        for (nint j = first; j < last; j += TLanes.Count)
        {
            TLanes.Store(Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Load(scores + j), subtrahend)), scores + j);
        }

        var carry = Exp<TLanes, TVector>(stats[0] - shift);
        stats[0] = max;
        stats[1] = (stats[1] * carry) + Sum<TLanes, TVector>(scores + first, last - first);
        return carry;
    }

    /// <summary>total ← total and part together, of two runs of keys: what each has summed and its running maximum and sum.</summary>
    /// <param name="sums">[width], width a multiple of 16</param>
    /// <param name="stats">[2]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Merge<TLanes, TVector>(float* sums, float* stats, float* partSums, float* partStats, nint width)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var max = MathF.Max(stats[0], partStats[0]);
        var shift = float.IsNegativeInfinity(max) ? 0 : max;
        var scale = Exp<TLanes, TVector>(stats[0] - shift);
        var partScale = Exp<TLanes, TVector>(partStats[0] - shift);
        stats[0] = max;
        stats[1] = (stats[1] * scale) + (partStats[1] * partScale);
        var (factor, partFactor) = (TLanes.Create(scale), TLanes.Create(partScale));
        for (nint i = 0; i < width; i += TLanes.Count)
        {
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(partSums + i), partFactor, TLanes.Multiply(TLanes.Load(sums + i), factor)), sums + i);
        }
    }

    /// <summary>output ← sums divided by the sum of weights, a sink's among them.</summary>
    /// <param name="sink">A logit that takes part in the sum of weights and has no value, or null for none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Finish<TLanes, TVector>(float* sums, float* stats, float? sink, float* output, nint width)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var scale = 1f / stats[1];
        if (sink is { } logit)
        {
            var max = MathF.Max(stats[0], logit);
            var carry = MathF.Exp(stats[0] - max);
            scale = carry / ((stats[1] * carry) + MathF.Exp(logit - max));
        }

        var factor = TLanes.Create(scale);
        nint i = 0;
        for (; i <= width - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Load(sums + i), factor), output + i);
        }

        for (; i < width; i++)
        {
            output[i] = sums[i] * scale;
        }
    }

    // t·score − slope·distance
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Modify<TLanes, TVector>(float* scores, int first, int last, in TileView view)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var (temperature, slope) = (TLanes.Create(view.Temperature), TLanes.Create(view.Slope));
        Vector512<float> lanes;
        var distance = (float*)&lanes;
        for (nint j = first; j < last; j += TLanes.Count)
        {
            for (var lane = 0; lane < TLanes.Count; lane++)
            {
                distance[lane] = view.Distance - j - lane;
            }

            TLanes.Store(TLanes.Subtract(TLanes.Multiply(TLanes.Load(scores + j), temperature), TLanes.Multiply(slope, TLanes.Load(distance))), scores + j);
        }
    }

    // NaN is not looked for: its weight is NaN whatever is subtracted.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Max<TLanes, TVector>(float* values, int count)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var max = TLanes.Load(values);
        for (nint j = TLanes.Count; j < count; j += TLanes.Count)
        {
            max = TLanes.Max(max, TLanes.Load(values + j));
        }

        Vector512<float> all;
        var lanes = (float*)&all;
        for (nint lane = 0; lane < 16; lane += TLanes.Count)
        {
            TLanes.Store(max, lanes + lane);
        }

        var eight = Vector128.MaxNative(Vector128.MaxNative(Vector128.Load(lanes), Vector128.Load(lanes + 4)), Vector128.MaxNative(Vector128.Load(lanes + 8), Vector128.Load(lanes + 12)));
        var two = Vector128.MaxNative(eight, Vector128.Shuffle(eight, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    // Lane l of 16 adds the elements j ≡ l (mod 16), ascending; then lanes l and l+8, l+4, l+2, l+1 are added.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum<TLanes, TVector>(float* values, int count)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        Vector512<float> all;
        var lanes = (float*)&all;
        for (nint lane = 0; lane < 16; lane += TLanes.Count)
        {
            var sum = TLanes.Load(values + lane);
            for (nint j = 16; j < count; j += 16)
            {
                sum = TLanes.Add(sum, TLanes.Load(values + lane + j));
            }

            TLanes.Store(sum, lanes + lane);
        }

        var four = Vector128.Load(lanes) + Vector128.Load(lanes + 8) + (Vector128.Load(lanes + 4) + Vector128.Load(lanes + 12));
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.ToScalar() + two.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Exp<TLanes, TVector>(float x)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        Vector512<float> lanes;
        TLanes.Store(Exp<TLanes, TVector>(TLanes.Create(x)), (float*)&lanes);
        return lanes.ToScalar();
    }

    /// <summary>exp of what is not above 0, within 2 units in the last place: 2^n·exp(r), |r| ≤ ln(2)/2, with the polynomial of Cephes' expf (Moshier 1992).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TLanes, TVector>(TVector x)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var round = TLanes.Create(12582912f); // 1.5·2²³: adding it leaves n in the low bits
        var bits = TLanes.MultiplyAdd(x, TLanes.Create(1.44269504f), round);
        var n = TLanes.Subtract(bits, round);
        var r = TLanes.MultiplyAdd(n, TLanes.Create(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Create(2.12194440e-4f), r);
        var y = TLanes.MultiplyAdd(TLanes.Create(1.9875691500e-4f), r, TLanes.Create(1.3981999507e-3f));
        y = TLanes.MultiplyAdd(y, r, TLanes.Create(8.3334519073e-3f));
        y = TLanes.MultiplyAdd(y, r, TLanes.Create(4.1665795894e-2f));
        y = TLanes.MultiplyAdd(y, r, TLanes.Create(1.6666665459e-1f));
        y = TLanes.MultiplyAdd(y, r, TLanes.Create(5.0000001201e-1f));
        y = TLanes.Add(TLanes.MultiplyAdd(TLanes.Multiply(r, r), y, r), TLanes.Create(1)); // 1 last: its rounding is all that counts
        return TLanes.ZeroBelow(TLanes.Multiply(y, TLanes.PowerOfTwo(bits)), x, LeastExponent);
    }
}
