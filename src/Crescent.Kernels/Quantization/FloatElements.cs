using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

/// <summary>An element of a floating-point row: a block of one value.</summary>
internal interface IFloatElement<TSelf> : IEncodableBlock<TSelf>, IWidened
    where TSelf : unmanaged, IFloatElement<TSelf>
{
}

/// <summary>IEEE single precision.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct F32 : IFloatElement<F32>
{
    public float Value;

    public static bool IsScaled => false;

    public static DType DType => DType.F32;

    public static int Length => 1;

    /// <summary>Exact.</summary>
    public static float MaxRelativeError => 0;

    public static void Decode(in F32 block, Span<float> values) => values[0] = block.Value;

    public static void Encode(ReadOnlySpan<float> values, out F32 block) => block.Value = values[0];

    public static unsafe float Widen(byte* element) => *(float*)element;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Load(byte* elements) => Vector256.Load((float*)elements);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> LoadSixteen(byte* elements) => Vector512.Load((float*)elements);
}

/// <summary>IEEE half precision.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct F16 : IFloatElement<F16>
{
    public Half Value;

    public static bool IsScaled => false;

    public static DType DType => DType.F16;

    public static int Length => 1;

    /// <summary>11 significant bits, for values in the normal range of a half.</summary>
    public static float MaxRelativeError => 1f / 2048;

    public static void Decode(in F16 block, Span<float> values) => values[0] = (float)block.Value;

    public static void Encode(ReadOnlySpan<float> values, out F16 block) => block.Value = (Half)values[0];

    public static unsafe float Widen(byte* element) => (float)*(Half*)element;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Load(byte* elements) => Unpacking.HalfToSingle(Vector128.Load((ushort*)elements));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> LoadSixteen(byte* elements) => Unpacking.HalfToSingle(Vector256.Load((ushort*)elements));
}

/// <summary>The upper 16 bits of a single-precision number.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BF16 : IFloatElement<BF16>
{
    public ushort Bits;

    public static bool IsScaled => false;

    public static DType DType => DType.BF16;

    public static int Length => 1;

    /// <summary>8 significant bits.</summary>
    public static float MaxRelativeError => 1f / 256;

    public static void Decode(in BF16 block, Span<float> values) => values[0] = BitConverter.UInt32BitsToSingle((uint)block.Bits << 16);

    /// <summary>Rounds to nearest even; a NaN stays one (ggml-impl.h, ggml_compute_fp32_to_bf16).</summary>
    public static void Encode(ReadOnlySpan<float> values, out BF16 block)
    {
        var bits = BitConverter.SingleToUInt32Bits(values[0]);
        block.Bits = float.IsNaN(values[0])
            ? (ushort)((bits >> 16) | 64)
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static unsafe float Widen(byte* element) => BitConverter.UInt32BitsToSingle((uint)*(ushort*)element << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Load(byte* elements) =>
        Unpacking.UpperHalves(Vector128.Load((ushort*)elements));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> LoadSixteen(byte* elements) => (Unpacking.Widen(Vector256.Load((ushort*)elements)) << 16).AsSingle();
}
