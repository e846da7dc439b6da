using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Attention;

/// <summary>Reads and writes one row (a token's key or value of one head, or an MLA latent) of the cache.</summary>
public static class KvRow
{
    internal const int BlockLength = 32; // Q8_0: half scale, then 32 signed bytes
    internal const int BlockBytes = 34;

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

    /// <summary>Reads a row back as float32.</summary>
    public static unsafe void Decode(KvType type, ReadOnlySpan<byte> row, Span<float> values)
    {
        Debug.Assert(row.Length == Bytes(type, values.Length));
        fixed (byte* source = row)
        {
            fixed (float* target = values)
            {
                KvRows.Decode(type, source, 1, values.Length, target, values.Length);
            }
        }
    }

    // Eight values a turn, rounded to even as (Half) does.
    private static void EncodeF16(ReadOnlySpan<float> values, Span<ushort> row)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var target = ref MemoryMarshal.GetReference(row);
        var i = 0;
        for (; i + 8 <= values.Length; i += 8)
        {
            var halves = ToHalf(Vector256.LoadUnsafe(ref source, (nuint)i));
            Vector128.Narrow(halves.GetLower(), halves.GetUpper()).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < values.Length; i++)
        {
            row[i] = (ushort)ToHalf(Vector256.Create(values[i])).ToScalar();
        }
    }

    // A half's bits in 32: saturated, NaN stays NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> ToHalf(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        var magnitude = bits & Vector256.Create(0x7FFF_FFFFu);
        var isNaN = Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create(0x7F80_0000)).AsUInt32();
        magnitude = Vector256.Min(magnitude, Vector256.Create(0x477F_E000u)); // 65504
        // Normal halves: 13 bits are rounded away, and the exponent's bias falls by 112.
        var odd = (magnitude >> 13) & Vector256<uint>.One;
        var normal = ((magnitude + Vector256.Create(0xFFFu) + odd) >> 13) - Vector256.Create(112u << 10);
        // Subnormal halves are multiples of 2^-24, as are the floats from 0.5 to 1: adding 0.5 rounds.
        var subnormal = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0x3F00_0000u);
        var isSubnormal = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(0x3880_0000)).AsUInt32(); // 2^-14
        var half = Vector256.ConditionalSelect(isSubnormal, subnormal, normal);
        return Vector256.ConditionalSelect(isNaN, Vector256.Create(0x7E00u), half) | ((bits & Vector256.Create(0x8000_0000u)) >> 16);
    }

    private static void EncodeBF16(ReadOnlySpan<float> values, Span<ushort> row)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(values[i]);
            row[i] = float.IsNaN(values[i]) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
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
}
