using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Products of FP8 rows, decoded in registers. The order of sums is that of <see cref="FloatMatMul"/>.</summary>
internal static unsafe class TileScaledMatMul
{
    /// <summary>output[0..2] = two weight rows × one input row. A row may be given twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyTwo<TIsa>(TileScaledRow row0, TileScaledRow row1, float* input, int columns, float* output)
        where TIsa : struct, IIsa
    {
        var codes0 = row0.Codes;
        var codes1 = row1.Codes;
        var a0 = Vector256<float>.Zero; // row 0, lanes 0-7
        var b0 = Vector256<float>.Zero; // lanes 8-15
        var a1 = Vector256<float>.Zero;
        var b1 = Vector256<float>.Zero;
        var nan0 = Vector128<byte>.Zero; // whether a code was NaN: then so is the sum
        var nan1 = Vector128<byte>.Zero;
        var whole = (nint)columns & ~15;
        nint i = 0;
        while (i < whole)
        {
            var scale0 = Vector256.Create(row0.Scale(i));
            var scale1 = Vector256.Create(row1.Scale(i));
            for (var end = Math.Min(i + F8_E4M3.TileLength, whole); i < end; i += 16)
            {
                var x = Vector256.Load(input + i);
                var y = Vector256.Load(input + i + 8);
                a0 = TIsa.MultiplyAdd(F8_E4M3.Widen(codes0 + i) * scale0, x, a0);
                b0 = TIsa.MultiplyAdd(F8_E4M3.Widen(codes0 + i + 8) * scale0, y, b0);
                a1 = TIsa.MultiplyAdd(F8_E4M3.Widen(codes1 + i) * scale1, x, a1);
                b1 = TIsa.MultiplyAdd(F8_E4M3.Widen(codes1 + i + 8) * scale1, y, b1);
                nan0 |= F8_E4M3.AreNaN(Vector128.Load(codes0 + i));
                nan1 |= F8_E4M3.AreNaN(Vector128.Load(codes1 + i));
            }
        }

        if (i < columns)
        {
            var tail = stackalloc float[48];
            new Span<float>(tail, 48).Clear();
            F8_E4M3.Decode(codes0 + i, columns - i, row0.Scale(i), tail);
            F8_E4M3.Decode(codes1 + i, columns - i, row1.Scale(i), tail + 16);
            new Span<float>(input + i, columns - (int)i).CopyTo(new Span<float>(tail + 32, 16));
            var x = Vector256.Load(tail + 32);
            var y = Vector256.Load(tail + 40);
            a0 = TIsa.MultiplyAdd(Vector256.Load(tail), x, a0);
            b0 = TIsa.MultiplyAdd(Vector256.Load(tail + 8), y, b0);
            a1 = TIsa.MultiplyAdd(Vector256.Load(tail + 16), x, a1);
            b1 = TIsa.MultiplyAdd(Vector256.Load(tail + 24), y, b1);
        }

        output[0] = nan0 == Vector128<byte>.Zero ? FloatMatMul.SumLanes(a0, b0) : float.NaN;
        output[1] = nan1 == Vector128<byte>.Zero ? FloatMatMul.SumLanes(a1, b1) : float.NaN;
    }
}

/// <summary>A row of FP8 codes, and the scales of the tiles that it runs through.</summary>
internal readonly unsafe struct TileScaledRow(byte* codes, byte* scales)
{
    public readonly byte* Codes = codes;
    private readonly byte* _scales = scales; // float32, not always aligned

    public float Scale(nint column) => Unsafe.ReadUnaligned<float>(_scales + (column / F8_E4M3.TileLength * sizeof(float)));
}
