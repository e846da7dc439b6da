using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Attention;

/// <summary>Reads and writes one row (a token's key or value of one head, or an MLA latent) of the cache.</summary>
public static class KvRow
{
    private const int BlockLength = 32; // Q8_0: half scale, then 32 signed bytes
    private const int BlockBytes = 34;

    /// <summary>Bytes of a row of <paramref name="width"/> values.</summary>
    /// <exception cref="NotSupportedException">Q8_0 with a width that is not a multiple of 32.</exception>
    public static int Bytes(KvType type, int width) => type switch
    {
        KvType.F32 => width * sizeof(float),
        KvType.F16 or KvType.BF16 => width * sizeof(ushort),
        KvType.Q8_0 when width % BlockLength == 0 => width / BlockLength * BlockBytes,
        KvType.Q8_0 => throw new NotSupportedException($"a q8_0 cache needs rows of a multiple of 32 values, this model has {width}; use f16, bf16 or f32"),
        _ => throw new NotSupportedException($"cache type {type}; supported: f16, bf16, f32, q8_0"),
    };

    /// <summary>Stores a row. F16 saturates at ±65504 and Q8_0 at 127 times that instead of overflowing to infinity; NaN stays NaN.</summary>
    public static void Encode(KvType type, ReadOnlySpan<float> values, Span<byte> row)
    {
        Debug.Assert(row.Length == Bytes(type, values.Length));
        switch (type)
        {
            case KvType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(row);
                break;
            case KvType.F16:
                EncodeF16(values, MemoryMarshal.Cast<byte, ushort>(row));
                break;
            case KvType.BF16:
                EncodeBF16(values, MemoryMarshal.Cast<byte, ushort>(row));
                break;
            default:
                EncodeQ8(values, row);
                break;
        }
    }

    /// <summary>Reads rows that follow each other back as float32, into [rows, targetStride].</summary>
    internal static unsafe void Decode(KvType type, byte* source, int rows, int width, float* target, int targetStride)
    {
        var bytes = Bytes(type, width);
        for (var row = 0; row < rows; row++, source += bytes, target += targetStride)
        {
            Decode(type, new ReadOnlySpan<byte>(source, bytes), new Span<float>(target, width));
        }
    }

    /// <summary>Reads a row back as float32.</summary>
    public static void Decode(KvType type, ReadOnlySpan<byte> row, Span<float> values)
    {
        Debug.Assert(row.Length == Bytes(type, values.Length));
        switch (type)
        {
            case KvType.F32:
                MemoryMarshal.Cast<byte, float>(row).CopyTo(values);
                break;
            case KvType.F16:
                DecodeF16(MemoryMarshal.Cast<byte, ushort>(row), values);
                break;
            case KvType.BF16:
                DecodeBF16(MemoryMarshal.Cast<byte, ushort>(row), values);
                break;
            default:
                DecodeQ8(row, values);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void EncodeF16(ReadOnlySpan<float> values, Span<ushort> row)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var target = ref MemoryMarshal.GetReference(row);
        var i = 0;
        for (; i + 16 <= values.Length; i += 16)
        {
            var low = HalfBits(Vector256.LoadUnsafe(ref source, (nuint)i).AsUInt32());
            var high = HalfBits(Vector256.LoadUnsafe(ref source, (nuint)(i + 8)).AsUInt32());
            Vector256.Narrow(low, high).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < values.Length; i++)
        {
            row[i] = (ushort)HalfBits(Vector256.Create(values[i]).AsUInt32()).ToScalar();
        }
    }

    // To the nearest half, ties to the even one. Normal halves: the exponent's bias moves and the mantissa is rounded by an addition. Subnormal ones:
    // adding 0.5 shifts the mantissa to where a half has it, rounded by the processor.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> HalfBits(Vector256<uint> bits)
    {
        var magnitude = bits & Vector256.Create(0x7FFF_FFFFu);
        var clamped = Vector256.Min(magnitude, Vector256.Create(0x477F_E000u)); // 65504
        var normal = (clamped + Vector256.Create(0xC800_0FFFu) + ((clamped >> 13) & Vector256<uint>.One)) >> 13;
        var half = Vector256.Create(0.5f);
        var subnormal = (clamped.AsSingle() + half).AsUInt32() - half.AsUInt32();
        var result = Vector256.ConditionalSelect(Vector256.LessThan(clamped, Vector256.Create(0x3880_0000u)), subnormal, normal); // below 2^-14
        var isNaN = Vector256.GreaterThan(magnitude, Vector256.Create(0x7F80_0000u));
        return Vector256.ConditionalSelect(isNaN, Vector256.Create(0x7E00u), result) | ((bits >> 16) & Vector256.Create(0x8000u));
    }

    // Eight halves a turn: exponent and mantissa are moved into place and rescaled by 2^112, exact for every finite half.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void DecodeF16(ReadOnlySpan<ushort> row, Span<float> values)
    {
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var target = ref MemoryMarshal.GetReference(values);
        var rescale = Vector256.Create(0x7780_0000u).AsSingle(); // 2^112
        var i = 0;
        for (; i + 8 <= row.Length; i += 8)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)i));
            var bits = Vector256.Create(low, high);
            var magnitude = ((bits & Vector256.Create(0x7FFFu)) << 13).AsSingle() * rescale;
            var sign = (bits & Vector256.Create(0x8000u)) << 16;
            var special = Vector256.GreaterThan(bits & Vector256.Create(0x7FFFu), Vector256.Create(0x7BFFu));
            // Infinity and NaN get the all-ones exponent back.
            var result = magnitude.AsUInt32() | (special & Vector256.Create(0x7F80_0000u)) | sign;
            result.AsSingle().StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < row.Length; i++)
        {
            values[i] = (float)BitConverter.UInt16BitsToHalf(row[i]);
        }
    }

    private static void EncodeBF16(ReadOnlySpan<float> values, Span<ushort> row)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(values[i]);
            row[i] = float.IsNaN(values[i]) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void DecodeBF16(ReadOnlySpan<ushort> row, Span<float> values)
    {
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var target = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i + 8 <= row.Length; i += 8)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)i));
            (Vector256.Create(low, high) << 16).AsSingle().StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < row.Length; i++)
        {
            values[i] = BitConverter.UInt32BitsToSingle((uint)row[i] << 16);
        }
    }

    private static void EncodeQ8(ReadOnlySpan<float> values, Span<byte> row)
    {
        for (var block = 0; block < values.Length / BlockLength; block++)
        {
            var source = values.Slice(block * BlockLength, BlockLength);
            var target = row.Slice(block * BlockBytes, BlockBytes);
            var max = 0f;
            foreach (var value in source)
            {
                max = MathF.Max(max, MathF.Abs(Finite(value))); // MathF.Max hands NaN on
            }

            var scale = max / 127f;
            var inverse = scale > 0 ? 1f / scale : 0f;
            var stored = (Half)MathF.Min(scale, 65504f);
            MemoryMarshal.Write(target, float.IsNaN(scale) ? Half.NaN : stored);
            for (var i = 0; i < BlockLength; i++)
            {
                var code = MathF.Round(Finite(source[i]) * inverse, MidpointRounding.AwayFromZero);
                target[2 + i] = unchecked((byte)(sbyte)(float.IsNaN(code) ? 0f : Math.Clamp(code, -127f, 127f)));
            }
        }
    }

    // An infinity saturates; NaN stays.
    private static float Finite(float value) => Math.Clamp(value, float.MinValue, float.MaxValue);

    private static void DecodeQ8(ReadOnlySpan<byte> row, Span<float> values)
    {
        for (var block = 0; block < values.Length / BlockLength; block++)
        {
            ref var source = ref Unsafe.AsRef(in row[block * BlockBytes]);
            var scale = Vector256.Create((float)Unsafe.ReadUnaligned<Half>(ref source));
            ref var codes = ref Unsafe.As<byte, sbyte>(ref Unsafe.Add(ref source, 2));
            ref var target = ref values[block * BlockLength];
            for (nuint i = 0; i < BlockLength; i += 8)
            {
                var wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(ref Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref codes, i)))).AsSByte());
                var (low, high) = Vector128.Widen(wide);
                (Vector256.ConvertToSingle(Vector256.Create(low, high)) * scale).StoreUnsafe(ref target, i);
            }
        }
    }
}
