using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>
/// exp for x ≤ 0, 0 below −87 (Cephes expf: 2ⁿ · polynomial in the remainder; relative error about 1e-7), a block of logits at a time, without fused
/// multiply-add: the same bits for any width of vectors. The steps of four vectors stand side by side, since each of them waits for the one before
/// and the processor does not look ahead as far as the next vector's.
/// </summary>
internal static class LogitExponentials
{
    private const int HalfBlock = LogitVectors.BlockLength / 2;

    /// <summary>y = exp((x − maximum) · scale) for one block.</summary>
    /// <param name="x">[64]</param>
    /// <param name="y">[64]</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block(ref float x, float maximum, float scale, ref float y)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Four512(ref x, maximum, scale, ref y);
        }
        else
        {
            Four256(ref x, maximum, scale, ref y);
            Four256(ref Unsafe.Add(ref x, HalfBlock), maximum, scale, ref Unsafe.Add(ref y, HalfBlock));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four512(ref float x, float maximum, float scale, ref float y)
    {
        var (m, s) = (Vector512.Create(maximum), Vector512.Create(scale));
        var a = (Vector512.LoadUnsafe(ref x) - m) * s;
        var b = (Vector512.LoadUnsafe(ref x, 16) - m) * s;
        var c = (Vector512.LoadUnsafe(ref x, 32) - m) * s;
        var d = (Vector512.LoadUnsafe(ref x, 48) - m) * s;

        var factor = Vector512.Create(1.44269504088896341f);
        var half = Vector512.Create(0.5f);
        var na = Vector512.Floor((a * factor) + half);
        var nb = Vector512.Floor((b * factor) + half);
        var nc = Vector512.Floor((c * factor) + half);
        var nd = Vector512.Floor((d * factor) + half);

        var high = Vector512.Create(0.693359375f);
        var low = Vector512.Create(-2.12194440e-4f);
        var ra = a - (na * high) - (na * low);
        var rb = b - (nb * high) - (nb * low);
        var rc = c - (nc * high) - (nc * low);
        var rd = d - (nd * high) - (nd * low);

        var first = Vector512.Create(1.9875691500e-4f);
        var (pa, pb, pc, pd) = (first, first, first, first);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 1.3981999507e-3f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 8.3334519073e-3f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 4.1665795894e-2f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 1.6666665459e-1f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 5.0000001201e-1f);
        pa = (pa * ra * ra) + ra + Vector512<float>.One;
        pb = (pb * rb * rb) + rb + Vector512<float>.One;
        pc = (pc * rc * rc) + rc + Vector512<float>.One;
        pd = (pd * rd * rd) + rd + Vector512<float>.One;

        Finish(a, na, pa).StoreUnsafe(ref y);
        Finish(b, nb, pb).StoreUnsafe(ref y, 16);
        Finish(c, nc, pc).StoreUnsafe(ref y, 32);
        Finish(d, nd, pd).StoreUnsafe(ref y, 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ref Vector512<float> pa, ref Vector512<float> pb, ref Vector512<float> pc, ref Vector512<float> pd,
        Vector512<float> ra, Vector512<float> rb, Vector512<float> rc, Vector512<float> rd, float coefficient)
    {
        var c = Vector512.Create(coefficient);
        pa = (pa * ra) + c;
        pb = (pb * rb) + c;
        pc = (pc * rc) + c;
        pd = (pd * rd) + c;
    }

    // Out of range only where the result is masked: the conversion that does not saturate will do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Finish(Vector512<float> x, Vector512<float> n, Vector512<float> p)
    {
        var power = (Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23;
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-87f)), Vector512<float>.Zero, p * power.AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four256(ref float x, float maximum, float scale, ref float y)
    {
        var (m, s) = (Vector256.Create(maximum), Vector256.Create(scale));
        var a = (Vector256.LoadUnsafe(ref x) - m) * s;
        var b = (Vector256.LoadUnsafe(ref x, 8) - m) * s;
        var c = (Vector256.LoadUnsafe(ref x, 16) - m) * s;
        var d = (Vector256.LoadUnsafe(ref x, 24) - m) * s;

        var factor = Vector256.Create(1.44269504088896341f);
        var half = Vector256.Create(0.5f);
        var na = Vector256.Floor((a * factor) + half);
        var nb = Vector256.Floor((b * factor) + half);
        var nc = Vector256.Floor((c * factor) + half);
        var nd = Vector256.Floor((d * factor) + half);

        var high = Vector256.Create(0.693359375f);
        var low = Vector256.Create(-2.12194440e-4f);
        var ra = a - (na * high) - (na * low);
        var rb = b - (nb * high) - (nb * low);
        var rc = c - (nc * high) - (nc * low);
        var rd = d - (nd * high) - (nd * low);

        var first = Vector256.Create(1.9875691500e-4f);
        var (pa, pb, pc, pd) = (first, first, first, first);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 1.3981999507e-3f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 8.3334519073e-3f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 4.1665795894e-2f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 1.6666665459e-1f);
        Step(ref pa, ref pb, ref pc, ref pd, ra, rb, rc, rd, 5.0000001201e-1f);
        pa = (pa * ra * ra) + ra + Vector256<float>.One;
        pb = (pb * rb * rb) + rb + Vector256<float>.One;
        pc = (pc * rc * rc) + rc + Vector256<float>.One;
        pd = (pd * rd * rd) + rd + Vector256<float>.One;

        Finish(a, na, pa).StoreUnsafe(ref y);
        Finish(b, nb, pb).StoreUnsafe(ref y, 8);
        Finish(c, nc, pc).StoreUnsafe(ref y, 16);
        Finish(d, nd, pd).StoreUnsafe(ref y, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ref Vector256<float> pa, ref Vector256<float> pb, ref Vector256<float> pc, ref Vector256<float> pd,
        Vector256<float> ra, Vector256<float> rb, Vector256<float> rc, Vector256<float> rd, float coefficient)
    {
        var c = Vector256.Create(coefficient);
        pa = (pa * ra) + c;
        pb = (pb * rb) + c;
        pc = (pc * rc) + c;
        pd = (pd * rd) + c;
    }

    // Out of range only where the result is masked: the conversion that does not saturate will do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Finish(Vector256<float> x, Vector256<float> n, Vector256<float> p)
    {
        var power = (Vector256.ConvertToInt32Native(n) + Vector256.Create(127)) << 23;
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(-87f)), Vector256<float>.Zero, p * power.AsSingle());
    }
}
