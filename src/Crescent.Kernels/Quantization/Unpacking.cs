using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Quantization;

/// <summary>Vector steps that several formats share: halves to floats, nibbles and bits to bytes, fields of 8 rows to one vector.</summary>
internal static unsafe class Unpacking
{
    /// <summary>Exact conversion of 8 half-precision numbers; NaNs keep their payload.</summary>
    /// <remarks>The runtime's own conversion is software, value by value. Here the exponent is rebased by one exact multiplication.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HalfToSingle(Vector128<ushort> halves) => HalfToSingle(Widen(halves));

    /// <summary>As the other overload, for halves that are 32 bits wide already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HalfToSingle(Vector256<int> wide)
    {
        var magnitude = wide & Vector256.Create(0x7FFF);
        var finite = (magnitude << 13).AsSingle() * Vector256.Create(0x77800000).AsSingle(); // 2^112
        var special = Vector256.GreaterThan(magnitude, Vector256.Create(0x7BFF)) & Vector256.Create(0x7F800000);
        var sign = (wide ^ magnitude) << 16;
        return (finite.AsInt32() | special | sign).AsSingle();
    }

    /// <summary>As the other overload, 16 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> HalfToSingle(Vector256<ushort> halves)
    {
        // The sign comes along, and the exponent of what is not finite is filled up.
        var wide = Widen(halves.AsInt16());
        var rebased = (((wide << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector512.Create(0x77800000).AsSingle()).AsInt32(); // 2^112
        var exponent = Vector512.Create(0x7C00);
        return Vector512.ConditionalSelect(Vector512.Equals(wide & exponent, exponent), rebased | Vector512.Create(0x7F800000), rebased).AsSingle();
    }

    /// <summary>The 16-bit fields at <paramref name="field"/> of 8 rows. Reads 4 bytes a row, so 2 bytes must follow the field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Gather16(byte* field, nint stride)
    {
        var upper = field + (4 * stride);
        var rows01 = Zip16(Load32(field), Load32(field + stride));
        var rows23 = Zip16(Load32(field + (2 * stride)), Load32(field + (3 * stride)));
        var rows45 = Zip16(Load32(upper), Load32(upper + stride));
        var rows67 = Zip16(Load32(upper + (2 * stride)), Load32(upper + (3 * stride)));
        var low = Zip32(rows01, rows23);
        var high = Zip32(rows45, rows67);
        return Zip64(low, high);
    }

    /// <summary>Four consecutive 32-bit words at <paramref name="field"/> of 8 rows. Lane = row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void GatherWords(
        byte* field, nint stride, out Vector256<int> word0, out Vector256<int> word1, out Vector256<int> word2, out Vector256<int> word3)
    {
        if (!Avx2.IsSupported)
        {
            word0 = GatherWord(field, stride);
            word1 = GatherWord(field + 4, stride);
            word2 = GatherWord(field + 8, stride);
            word3 = GatherWord(field + 12, stride);
            return;
        }

        // Rows a and a + 4 share a register, so that nothing crosses its halves.
        var row04 = Vector256.Create(Vector128.Load((int*)field), Vector128.Load((int*)(field + (4 * stride))));
        var row15 = Vector256.Create(Vector128.Load((int*)(field + stride)), Vector128.Load((int*)(field + (5 * stride))));
        var row26 = Vector256.Create(Vector128.Load((int*)(field + (2 * stride))), Vector128.Load((int*)(field + (6 * stride))));
        var row37 = Vector256.Create(Vector128.Load((int*)(field + (3 * stride))), Vector128.Load((int*)(field + (7 * stride))));
        var low01 = Avx2.UnpackLow(row04, row15).AsInt64();
        var high01 = Avx2.UnpackHigh(row04, row15).AsInt64();
        var low23 = Avx2.UnpackLow(row26, row37).AsInt64();
        var high23 = Avx2.UnpackHigh(row26, row37).AsInt64();
        word0 = Avx2.UnpackLow(low01, low23).AsInt32();
        word1 = Avx2.UnpackHigh(low01, low23).AsInt32();
        word2 = Avx2.UnpackLow(high01, high23).AsInt32();
        word3 = Avx2.UnpackHigh(high01, high23).AsInt32();
    }

    /// <summary>Half-precision scales of 8 rows; 2 bytes must follow the field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> GatherHalves(byte* field, nint stride) => HalfToSingle(Gather16(field, stride));

    /// <summary>As <see cref="GatherHalves"/> for a field that ends its block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> GatherLastHalves(byte* field, nint stride) => HalfToSingle(GatherExact16(field, stride));

    /// <summary>As <see cref="Gather16"/>, without reading past the field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> GatherExact16(byte* field, nint stride) => Vector128.Create(
        *(ushort*)field,
        *(ushort*)(field + stride),
        *(ushort*)(field + (2 * stride)),
        *(ushort*)(field + (3 * stride)),
        *(ushort*)(field + (4 * stride)),
        *(ushort*)(field + (5 * stride)),
        *(ushort*)(field + (6 * stride)),
        *(ushort*)(field + (7 * stride)));

    /// <summary>The bytes at <paramref name="field"/> of 8 rows, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> GatherBytes(byte* field, nint stride) => Vector128.Create(
        (ushort)*field,
        field[stride],
        field[2 * stride],
        field[3 * stride],
        field[4 * stride],
        field[5 * stride],
        field[6 * stride],
        field[7 * stride]);

    /// <summary>Halves of single-precision numbers (bfloat16) to floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> UpperHalves(Vector128<ushort> halves) => (Widen(halves) << 16).AsSingle();

    /// <summary>16 bytes to 32 codes: the low nibbles, then the high nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Nibbles(byte* codes)
    {
        var packed = Vector128.Load(codes);
        return Vector256.Create(packed, (packed.AsUInt16() >> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>16 bytes to 32 codes in the order of the nibbles: the low one of a byte, then its high one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> NibblesInOrder(byte* codes)
    {
        var wide = Widen(Vector128.Load(codes));
        return (wide | (wide << 4)).AsByte() & Vector256.Create((byte)15);
    }

    /// <summary>Values of a byte table at 32 indices below 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lookup(Vector256<byte> indices, Vector128<byte> table) =>
        Avx2.IsSupported
            ? Avx2.Shuffle(Vector256.Create(table, table), indices)
            : Vector256.Create(Vector128.ShuffleNative(table, indices.GetLower()), Vector128.ShuffleNative(table, indices.GetUpper()));

    /// <summary>32 bits to 32 bytes, each <paramref name="value"/> or 0; the lowest bit first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(uint bits, byte value)
    {
        var spread = Vector128.Create(bits).AsByte();
        var low = Vector128.Shuffle(spread, Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        var high = Vector128.Shuffle(spread, Vector128.Create((byte)2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3));
        var mask = Vector256.Create(0x8040201008040201UL).AsByte();
        return Vector256.Equals(Vector256.Create(low, high) & mask, mask) & Vector256.Create(value);
    }

    /// <summary>Bits <paramref name="shift"/> and above of each byte, masked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Field(Vector256<byte> bytes, int shift, byte mask) =>
        (bytes.AsUInt16() >> shift).AsByte() & Vector256.Create(mask);

    /// <summary>16 values of a byte table at the nibbles of 16 bytes: low nibbles first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> NibbleTable(byte* codes, Vector128<byte> table)
    {
        var packed = Vector128.Load(codes);
        var mask = Vector128.Create((byte)15);
        return Vector256.Create(
            Vector128.ShuffleNative(table, packed & mask),
            Vector128.ShuffleNative(table, (packed.AsUInt16() >> 4).AsByte() & mask));
    }

    /// <summary>8 signed bytes to 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> WidenEight(byte* bytes) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32((sbyte*)bytes)
            : Widen(Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)bytes).AsSByte()));

    /// <summary>16 signed bytes to 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> WidenSixteen(byte* bytes) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)bytes))
            : Vector512.Create(WidenEight(bytes), WidenEight(bytes + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Widen(Vector128<byte> bytes) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int16(bytes).AsUInt16()
            : Vector256.Create(Vector128.WidenLower(bytes), Vector128.WidenUpper(bytes));

    /// <summary>8 nibbles to a byte each, the lowest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SpreadNibbles(uint nibbles)
    {
        ulong spread = nibbles;
        spread = (spread | (spread << 16)) & 0x0000FFFF0000FFFF;
        spread = (spread | (spread << 8)) & 0x00FF00FF00FF00FF;
        return (spread | (spread << 4)) & 0x0F0F0F0F0F0F0F0F;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Widen(Vector128<sbyte> bytes) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int16(bytes)
            : Vector256.Create(Vector128.WidenLower(bytes), Vector128.WidenUpper(bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector128<ushort> values) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(values)
            : Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector128<short> values) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(values)
            : Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector256<ushort> values) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(values)
            : Vector512.Create(Widen(values.GetLower()), Widen(values.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector256<short> values) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(values)
            : Vector512.Create(Widen(values.GetLower()), Widen(values.GetUpper()));

    /// <summary>8 bytes to 16 elements, each byte twice: one sub-scale a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> WidenTwice(ulong bytes) =>
        Widen(Vector128.Shuffle(Vector128.CreateScalar(bytes).AsSByte(), Vector128.Create((sbyte)0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)));

    private static Vector256<int> GatherWord(byte* field, nint stride) => Vector256.Create(
        *(int*)field,
        *(int*)(field + stride),
        *(int*)(field + (2 * stride)),
        *(int*)(field + (3 * stride)),
        *(int*)(field + (4 * stride)),
        *(int*)(field + (5 * stride)),
        *(int*)(field + (6 * stride)),
        *(int*)(field + (7 * stride)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Load32(byte* address) => Vector128.CreateScalar(*(uint*)address).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Zip16(Vector128<ushort> left, Vector128<ushort> right) =>
        Sse2.IsSupported
            ? Sse2.UnpackLow(left, right)
            : Vector128.Create(left.GetElement(0), right.GetElement(0), left.GetElement(1), right.GetElement(1), 0, 0, 0, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Zip32(Vector128<ushort> left, Vector128<ushort> right) =>
        Sse2.IsSupported
            ? Sse2.UnpackLow(left.AsUInt32(), right.AsUInt32())
            : Vector128.Create(left.AsUInt32().GetElement(0), right.AsUInt32().GetElement(0), 0, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Zip64(Vector128<uint> left, Vector128<uint> right) =>
        Sse2.IsSupported
            ? Sse2.UnpackLow(left.AsUInt64(), right.AsUInt64()).AsUInt16()
            : Vector128.Create(left.AsUInt64().GetElement(0), right.AsUInt64().GetElement(0)).AsUInt16();
}
