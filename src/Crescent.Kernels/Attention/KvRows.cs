using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Attention;

/// <summary>Reads rows of the cache that follow each other as float32. Every value is exact, so vectors are as wide as the processor has them.</summary>
internal static unsafe class KvRows
{
    /// <summary>[rows, width] of <paramref name="type"/> → [rows, targetStride]</summary>
    public static void Decode(KvType type, byte* source, int rows, int width, float* target, nint targetStride)
    {
        switch (type)
        {
            case KvType.F32:
                Copy((float*)source, rows, width, target, targetStride);
                break;
            case KvType.F16:
                DecodeF16((ushort*)source, rows, width, target, targetStride);
                break;
            case KvType.BF16:
                DecodeBF16((ushort*)source, rows, width, target, targetStride);
                break;
            default:
                DecodeQ8(source, rows, width, target, targetStride);
                break;
        }
    }

    private static void Copy(float* source, int rows, int width, float* target, nint targetStride)
    {
        for (var row = 0; row < rows; row++, source += width, target += targetStride)
        {
            new ReadOnlySpan<float>(source, width).CopyTo(new Span<float>(target, width));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void DecodeF16(ushort* source, int rows, int width, float* target, nint targetStride)
    {
        for (var row = 0; row < rows; row++, source += width, target += targetStride)
        {
            nint i = 0;
            if (Avx512F.IsSupported)
            {
                for (; i <= width - 16; i += 16)
                {
                    ToSingle(Vector256.Load(source + i)).Store(target + i);
                }
            }

            for (; i <= width - 8; i += 8)
            {
                Unpacking.HalfToSingle(Vector128.Load(source + i)).Store(target + i);
            }

            for (; i < width; i++)
            {
                target[i] = Unpacking.HalfToSingle(Vector128.CreateScalar(source[i])).ToScalar();
            }
        }
    }

    // Exponent and mantissa are moved into place under the sign and rescaled by 2^112; infinity and NaN get the all-ones exponent back.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ToSingle(Vector256<ushort> halves)
    {
        var wide = Avx512F.ConvertToVector512Int32(halves.AsInt16()) << 13;
        var value = (wide & Vector512.Create(unchecked((int)0x8FFF_E000))).AsSingle() * Vector512.Create(0x7780_0000).AsSingle();
        var special = Vector512.GreaterThanOrEqual(Vector512.Abs(value), Vector512.Create(65536f)).AsInt32() & Vector512.Create(0x7F80_0000);
        return (value.AsInt32() | special).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void DecodeBF16(ushort* source, int rows, int width, float* target, nint targetStride)
    {
        for (var row = 0; row < rows; row++, source += width, target += targetStride)
        {
            nint i = 0;
            if (Avx512F.IsSupported)
            {
                for (; i <= width - 16; i += 16)
                {
                    (Avx512F.ConvertToVector512Int32(Vector256.Load(source + i)) << 16).AsSingle().Store(target + i);
                }
            }

            for (; i <= width - 8; i += 8)
            {
                Unpacking.UpperHalves(Vector128.Load(source + i)).Store(target + i);
            }

            for (; i < width; i++)
            {
                target[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void DecodeQ8(byte* source, int rows, int width, float* target, nint targetStride)
    {
        for (var row = 0; row < rows; row++, target += targetStride)
        {
            for (nint i = 0; i < width; i += KvRow.BlockLength, source += KvRow.BlockBytes)
            {
                var scale = Unpacking.HalfToSingle(Vector128.Create(*(ushort*)source));
                var codes = source + 2;
                if (Avx512F.IsSupported)
                {
                    var factor = Vector512.Create(scale, scale);
                    (Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)codes))) * factor).Store(target + i);
                    (Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)codes + 16))) * factor).Store(target + i + 16);
                    continue;
                }

                for (nint j = 0; j < KvRow.BlockLength; j += 8)
                {
                    (Vector256.ConvertToSingle(Unpacking.WidenEight(codes + j)) * scale).Store(target + i + j);
                }
            }
        }
    }
}
