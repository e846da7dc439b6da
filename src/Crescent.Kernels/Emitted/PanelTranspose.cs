using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Emitted;

/// <summary>Turns 16 rows into columns. Needs AVX-512 F, as emitted kernels do.</summary>
internal static unsafe class PanelTranspose
{
    /// <summary>16 bytes of 16 rows: vector c holds dword c of every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dwords(
        byte* rows, nint stride, out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3)
    {
        // Row 4l + i in 128-bit lane l of vector i: a 4 × 4 transposition inside the lanes ends in row order.
        Columns(Lanes(rows, stride), Lanes(rows + stride, stride), Lanes(rows + (2 * stride), stride), Lanes(rows + (3 * stride), stride), out c0, out c1, out c2, out c3);
    }

    /// <summary>As <see cref="Dwords"/>, for nibbles that follow the columns: afterwards byte i holds column i in the low nibble and 16 + i in the high one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SequentialNibbles(
        byte* rows, nint stride, out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3) =>
        Columns(
            Reorder(Lanes(rows, stride)),
            Reorder(Lanes(rows + stride, stride)),
            Reorder(Lanes(rows + (2 * stride), stride)),
            Reorder(Lanes(rows + (3 * stride), stride)),
            out c0,
            out c1,
            out c2,
            out c3);

    /// <summary>Writes four vectors one after another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<uint> c0, Vector512<uint> c1, Vector512<uint> c2, Vector512<uint> c3, byte* target)
    {
        c0.Store((uint*)target);
        c1.Store((uint*)(target + 64));
        c2.Store((uint*)(target + 128));
        c3.Store((uint*)(target + 192));
    }

    /// <summary>8 bytes of 16 rows to [8, 16 rows].</summary>
    /// <param name="rows">[16]</param>
    /// <param name="step">Bytes between the 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bytes(ulong* rows, byte* target, int step)
    {
        var x0 = Pair(rows, 0);
        var x1 = Pair(rows, 1);
        var x2 = Pair(rows, 2);
        var x3 = Pair(rows, 3);
        var x4 = Pair(rows, 4);
        var x5 = Pair(rows, 5);
        var x6 = Pair(rows, 6);
        var x7 = Pair(rows, 7);
        Quarter(Sse2.UnpackLow(x0, x4), Sse2.UnpackLow(x1, x5), Sse2.UnpackLow(x2, x6), Sse2.UnpackLow(x3, x7), target, step);
        Quarter(Sse2.UnpackHigh(x0, x4), Sse2.UnpackHigh(x1, x5), Sse2.UnpackHigh(x2, x6), Sse2.UnpackHigh(x3, x7), target + (4 * step), step);
    }

    /// <summary>8 words of 16 rows to [8, 16 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Words(byte* rows, nint stride, byte* target, int step)
    {
        var r0 = Rows(rows, stride, 0);
        var r1 = Rows(rows, stride, 1);
        var r2 = Rows(rows, stride, 2);
        var r3 = Rows(rows, stride, 3);
        var r4 = Rows(rows, stride, 4);
        var r5 = Rows(rows, stride, 5);
        var r6 = Rows(rows, stride, 6);
        var r7 = Rows(rows, stride, 7);
        Half(
            Avx2.UnpackLow(r0, r1).AsUInt32(), Avx2.UnpackLow(r2, r3).AsUInt32(), Avx2.UnpackLow(r4, r5).AsUInt32(), Avx2.UnpackLow(r6, r7).AsUInt32(), target, step);
        Half(
            Avx2.UnpackHigh(r0, r1).AsUInt32(), Avx2.UnpackHigh(r2, r3).AsUInt32(), Avx2.UnpackHigh(r4, r5).AsUInt32(), Avx2.UnpackHigh(r6, r7).AsUInt32(), target + (4 * step), step);
    }

    /// <summary>Asks for the part of the next 16 rows that lies as far into their bytes as a block's 16 rows lie in these: rows follow one another, so all of them get asked for, in order.</summary>
    /// <param name="rows">The first row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchNext(byte* rows, nint stride, nint block, int blockBytes)
    {
        var next = rows + (PanelFormat.Rows * (stride + (block * blockBytes)));
        for (var line = 0; line < PanelFormat.Rows * blockBytes; line += 64)
        {
            Sse.Prefetch0(next + line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Lanes(byte* row, nint stride) => Vector512.Create(
        Vector256.Create(Vector128.Load(row), Vector128.Load(row + (4 * stride))),
        Vector256.Create(Vector128.Load(row + (8 * stride)), Vector128.Load(row + (12 * stride)))).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(
        Vector512<uint> r0, Vector512<uint> r1, Vector512<uint> r2, Vector512<uint> r3,
        out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3)
    {
        var low01 = Avx512F.UnpackLow(r0, r1).AsUInt64();
        var high01 = Avx512F.UnpackHigh(r0, r1).AsUInt64();
        var low23 = Avx512F.UnpackLow(r2, r3).AsUInt64();
        var high23 = Avx512F.UnpackHigh(r2, r3).AsUInt64();
        c0 = Avx512F.UnpackLow(low01, low23).AsUInt32();
        c1 = Avx512F.UnpackHigh(low01, low23).AsUInt32();
        c2 = Avx512F.UnpackLow(high01, high23).AsUInt32();
        c3 = Avx512F.UnpackHigh(high01, high23).AsUInt32();
    }

    // Byte j holds columns 2j and 2j + 1: the first 8 bytes make the low nibbles, the last 8 the high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Reorder(Vector512<uint> packed)
    {
        var mask = Vector512.Create(0x0F0F0F0Fu);
        var even = (packed & mask).AsByte();
        var odd = ((packed >> 4) & mask).AsByte();
        return Avx512BW.UnpackLow(even, odd).AsUInt32() | (Avx512BW.UnpackHigh(even, odd).AsUInt32() << 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pair(ulong* rows, int row) =>
        Sse2.UnpackLow(Vector128.CreateScalarUnsafe(rows[row]).AsByte(), Vector128.CreateScalarUnsafe(rows[row + 8]).AsByte());

    // Bytes of rows i, i + 4, i + 8, i + 12, for four columns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(Vector128<byte> y0, Vector128<byte> y1, Vector128<byte> y2, Vector128<byte> y3, byte* target, int step)
    {
        var low02 = Sse2.UnpackLow(y0, y2);
        var high02 = Sse2.UnpackHigh(y0, y2);
        var low13 = Sse2.UnpackLow(y1, y3);
        var high13 = Sse2.UnpackHigh(y1, y3);
        Sse2.UnpackLow(low02, low13).Store(target);
        Sse2.UnpackHigh(low02, low13).Store(target + step);
        Sse2.UnpackLow(high02, high13).Store(target + (2 * step));
        Sse2.UnpackHigh(high02, high13).Store(target + (3 * step));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Rows(byte* rows, nint stride, int row) =>
        Vector256.Create(Vector128.Load(rows + (row * stride)), Vector128.Load(rows + ((row + 8) * stride))).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half(Vector256<uint> r01, Vector256<uint> r23, Vector256<uint> r45, Vector256<uint> r67, byte* target, int step)
    {
        var low0123 = Avx2.UnpackLow(r01, r23).AsUInt64();
        var high0123 = Avx2.UnpackHigh(r01, r23).AsUInt64();
        var low4567 = Avx2.UnpackLow(r45, r67).AsUInt64();
        var high4567 = Avx2.UnpackHigh(r45, r67).AsUInt64();
        Avx2.UnpackLow(low0123, low4567).AsByte().Store(target);
        Avx2.UnpackHigh(low0123, low4567).AsByte().Store(target + step);
        Avx2.UnpackLow(high0123, high4567).AsByte().Store(target + (2 * step));
        Avx2.UnpackHigh(high0123, high4567).AsByte().Store(target + (3 * step));
    }
}
