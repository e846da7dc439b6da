using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Quantization;

/// <summary>Steps that the formats with code-books share: entries, signs and odd sub-scales.</summary>
internal static class GridCodes
{
    /// <summary>Signs stored in 7 bits: the eighth makes their number even (ggml-common.h, ksigns_iq2xs).</summary>
    public static int WithParity(int signs) => signs | ((BitOperations.PopCount((uint)signs) & 1) << 7);

    /// <summary>Magnitude <paramref name="index"/> of an entry, negated where the bit of its sign is set.</summary>
    public static int Signed(ulong entry, int signs, int index)
    {
        var magnitude = (int)(entry >> (8 * index)) & 0xFF;
        return ((signs >> index) & 1) != 0 ? -magnitude : magnitude;
    }

    /// <summary>As <see cref="WithParity(int)"/> for 4 bytes with clear top bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WithParity(uint signs)
    {
        // What shifts in from the next byte never reaches bit 0.
        var parity = signs ^ (signs >> 4);
        parity ^= parity >> 2;
        parity ^= parity >> 1;
        return signs | ((parity & 0x01010101) << 7);
    }

    /// <summary>4 fields of 7 bits to a byte each; the upper 4 bits are dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint SpreadSevens(uint fields) =>
        (fields & 0x7F) | ((fields << 1) & 0x7F00) | ((fields << 2) & 0x7F0000) | ((fields << 3) & 0x7F000000);

    /// <summary>4 entries of 8 values. The caller masks the indices to the size of the book.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Four(ReadOnlySpan<ulong> book, uint index0, uint index1, uint index2, uint index3)
    {
        ref var first = ref MemoryMarshal.GetReference(book);
        return Vector256.Create(
            Unsafe.Add(ref first, index0), Unsafe.Add(ref first, index1), Unsafe.Add(ref first, index2), Unsafe.Add(ref first, index3)).AsByte();
    }

    /// <summary>8 entries of 4 values: index k is byte k, with bit k of <paramref name="high"/> above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Eight(ReadOnlySpan<uint> book, ulong indices, uint high)
    {
        if (!Avx2.IsSupported)
        {
            return EightByTwos(book, indices, high);
        }

        // A book is constant data of the program: it does not move.
        var index = Avx2.ConvertToVector256Int32(Vector128.CreateScalar(indices).AsByte());
        var bits = Avx2.ShiftLeftLogicalVariable(Vector256.Create((int)high), Vector256.Create(8u, 7, 6, 5, 4, 3, 2, 1)) & Vector256.Create(0x100);
        return Avx2.GatherVector256((int*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(book)), index | bits, sizeof(uint)).AsByte();
    }

    /// <summary><see cref="Eight"/> without AVX2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> EightByTwos(ReadOnlySpan<uint> book, ulong indices, uint high)
    {
        ref var first = ref MemoryMarshal.GetReference(book);
        return Vector256.Create(
            Two(ref first, indices, high),
            Two(ref first, indices >> 16, high >> 2),
            Two(ref first, indices >> 32, high >> 4),
            Two(ref first, indices >> 48, high >> 6)).AsByte();
    }

    /// <summary>32 bytes, negated where the bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Negate(Vector256<byte> magnitudes, uint signs)
    {
        var mask = Unpacking.Bits(signs, 0xFF);
        return (magnitudes ^ mask) - mask;
    }

    /// <summary>8 times signed bytes that stay in range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> TimesEight(Vector256<byte> values) => (values.AsUInt16() << 3).AsByte() & Vector256.Create((byte)0xF8);

    /// <summary>2s + 1 of 8 sub-scales, each for both halves of its group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> OddTwice(Vector256<uint> scales)
    {
        var odd = (scales << 1) | Vector256<uint>.One;
        return (odd | (odd << 16)).AsInt16();
    }

    /// <summary>2s + 1 of 16 nibbles, the low one of a byte first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> OddNibbles(ulong nibbles)
    {
        var wide = Vector128.WidenLower(Vector128.CreateScalar(nibbles).AsByte());
        var spread = (wide | (wide << 4)).AsByte() & Vector128.Create((byte)15);
        return Unpacking.Widen((spread + spread + Vector128<byte>.One).AsSByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Two(ref uint book, ulong indices, uint high)
    {
        var even = ((uint)indices & 0xFF) | ((high << 8) & 0x100);
        var odd = (((uint)indices >> 8) & 0xFF) | ((high << 7) & 0x100);
        return Unsafe.Add(ref book, even) | ((ulong)Unsafe.Add(ref book, odd) << 32);
    }
}
