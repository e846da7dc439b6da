using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>
/// Rotary position embedding (Su et al. 2021). The rotation of a position is a row of factors, made once a token and used by all heads and
/// layers: <c>y[i] = x[i]·cos[i] + x[partner(i)]·sin[i]</c>, the sign of the sine folded in.
/// </summary>
public sealed class Rope
{
    private readonly double[] _frequencies; // [width / 2]
    private readonly double _magnitude;

    /// <param name="frequencies">[width / 2], radians a token; empty for no rotation</param>
    /// <param name="magnitude">Factor on cosines and sines (YaRN's attention factor).</param>
    public Rope(RopePairing pairing, double[] frequencies, double magnitude = 1)
    {
        Pairing = pairing;
        _frequencies = frequencies;
        _magnitude = magnitude;
    }

    public RopePairing Pairing { get; }

    /// <summary>Values of a head that are rotated: the first ones handed to <see cref="Rotate"/>.</summary>
    public int Width => _frequencies.Length * 2;

    /// <summary>Length of one row of factors, floats.</summary>
    public int RowLength => Width * 2;

    /// <summary>Writes the factors of a position: [cos (width), signed sin (width)]. Angles are taken in double precision, so far positions stay exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Factors(int position, Span<float> row)
    {
        Debug.Assert(row.Length == RowLength);
        var half = _frequencies.Length;
        for (var i = 0; i < half; i++)
        {
            var (sin, cos) = Math.SinCos(position * _frequencies[i]);
            var c = (float)(cos * _magnitude);
            var s = (float)(sin * _magnitude);
            var (first, second) = Pairing == RopePairing.Interleaved ? (2 * i, (2 * i) + 1) : (i, i + half);
            row[first] = c;
            row[second] = c;
            row[Width + first] = -s;
            row[Width + second] = s;
        }
    }

    /// <param name="values">[width] of one head, rotated in place</param>
    /// <param name="row">The position's factors.</param>
    public void Rotate(Span<float> values, ReadOnlySpan<float> row)
    {
        Debug.Assert(values.Length == Width && row.Length == RowLength);
        if (Pairing == RopePairing.Interleaved)
        {
            RotateInterleaved(values, row);
        }
        else
        {
            RotateHalves(values, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void RotateInterleaved(Span<float> values, ReadOnlySpan<float> row)
    {
        ref var x = ref MemoryMarshal.GetReference(values);
        ref var f = ref MemoryMarshal.GetReference(row);
        var i = 0;
        for (; i + 8 <= Width; i += 8)
        {
            var v = Vector256.LoadUnsafe(ref x, (nuint)i);
            var swapped = Vector256.Shuffle(v, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            ((v * Vector256.LoadUnsafe(ref f, (nuint)i)) + (swapped * Vector256.LoadUnsafe(ref f, (nuint)(Width + i)))).StoreUnsafe(ref x, (nuint)i);
        }

        for (; i < Width; i += 2)
        {
            var (u, v) = (values[i], values[i + 1]);
            values[i] = (u * row[i]) + (v * row[Width + i]);
            values[i + 1] = (v * row[i + 1]) + (u * row[Width + i + 1]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void RotateHalves(Span<float> values, ReadOnlySpan<float> row)
    {
        var half = Width / 2;
        ref var x = ref MemoryMarshal.GetReference(values);
        ref var f = ref MemoryMarshal.GetReference(row);
        var i = 0;
        for (; i + 8 <= half; i += 8)
        {
            var u = Vector256.LoadUnsafe(ref x, (nuint)i);
            var v = Vector256.LoadUnsafe(ref x, (nuint)(half + i));
            ((u * Vector256.LoadUnsafe(ref f, (nuint)i)) + (v * Vector256.LoadUnsafe(ref f, (nuint)(Width + i)))).StoreUnsafe(ref x, (nuint)i);
            ((v * Vector256.LoadUnsafe(ref f, (nuint)(half + i))) + (u * Vector256.LoadUnsafe(ref f, (nuint)(Width + half + i)))).StoreUnsafe(ref x, (nuint)(half + i));
        }

        for (; i < half; i++)
        {
            var (u, v) = (values[i], values[half + i]);
            values[i] = (u * row[i]) + (v * row[Width + i]);
            values[half + i] = (v * row[half + i]) + (u * row[Width + half + i]);
        }
    }
}
