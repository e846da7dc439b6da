using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// Products of float rows. The order of sums: lane l of 16 adds the products of elements i ≡ l (mod 16), ascending, the row continued with
/// zeros to a multiple of 16; then lanes l and l+8, l+4, l+2, l+1 are added.
/// </summary>
internal static unsafe class FloatMatMul
{
    /// <summary>output0[0..2] and output1[0..2] = two weight rows × two input rows. A row may be given twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyTwo<TIsa>(float* row0, float* row1, float* input0, float* input1, int columns, float* output0, float* output1)
        where TIsa : struct, IIsa
    {
        var a00 = Vector256<float>.Zero; // row 0, input 0, lanes 0-7
        var b00 = Vector256<float>.Zero; // lanes 8-15
        var a01 = Vector256<float>.Zero;
        var b01 = Vector256<float>.Zero;
        var a10 = Vector256<float>.Zero;
        var b10 = Vector256<float>.Zero;
        var a11 = Vector256<float>.Zero;
        var b11 = Vector256<float>.Zero;
        nint i = 0;
        for (; i <= columns - 16; i += 16)
        {
            var x0 = Vector256.Load(input0 + i);
            var x1 = Vector256.Load(input1 + i);
            var w0 = Vector256.Load(row0 + i);
            var w1 = Vector256.Load(row1 + i);
            a00 = TIsa.MultiplyAdd(w0, x0, a00);
            a01 = TIsa.MultiplyAdd(w0, x1, a01);
            a10 = TIsa.MultiplyAdd(w1, x0, a10);
            a11 = TIsa.MultiplyAdd(w1, x1, a11);
            x0 = Vector256.Load(input0 + i + 8);
            x1 = Vector256.Load(input1 + i + 8);
            w0 = Vector256.Load(row0 + i + 8);
            w1 = Vector256.Load(row1 + i + 8);
            b00 = TIsa.MultiplyAdd(w0, x0, b00);
            b01 = TIsa.MultiplyAdd(w0, x1, b01);
            b10 = TIsa.MultiplyAdd(w1, x0, b10);
            b11 = TIsa.MultiplyAdd(w1, x1, b11);
        }

        if (i < columns)
        {
            var tail = stackalloc float[64];
            new Span<float>(tail, 64).Clear();
            CopyTail(row0 + i, tail, columns - (int)i);
            CopyTail(row1 + i, tail + 16, columns - (int)i);
            CopyTail(input0 + i, tail + 32, columns - (int)i);
            CopyTail(input1 + i, tail + 48, columns - (int)i);
            a00 = TIsa.MultiplyAdd(Vector256.Load(tail), Vector256.Load(tail + 32), a00);
            a01 = TIsa.MultiplyAdd(Vector256.Load(tail), Vector256.Load(tail + 48), a01);
            a10 = TIsa.MultiplyAdd(Vector256.Load(tail + 16), Vector256.Load(tail + 32), a10);
            a11 = TIsa.MultiplyAdd(Vector256.Load(tail + 16), Vector256.Load(tail + 48), a11);
            b00 = TIsa.MultiplyAdd(Vector256.Load(tail + 8), Vector256.Load(tail + 40), b00);
            b01 = TIsa.MultiplyAdd(Vector256.Load(tail + 8), Vector256.Load(tail + 56), b01);
            b10 = TIsa.MultiplyAdd(Vector256.Load(tail + 24), Vector256.Load(tail + 40), b10);
            b11 = TIsa.MultiplyAdd(Vector256.Load(tail + 24), Vector256.Load(tail + 56), b11);
        }

        output0[0] = SumLanes(a00, b00);
        output0[1] = SumLanes(a10, b10);
        output1[0] = SumLanes(a01, b01);
        output1[1] = SumLanes(a11, b11);
    }

    /// <summary>output[0..4] = four weight rows × one input row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyFour<TIsa>(float* row0, float* row1, float* row2, float* row3, float* input, int columns, float* output)
        where TIsa : struct, IIsa
    {
        var a0 = Vector256<float>.Zero;
        var b0 = Vector256<float>.Zero;
        var a1 = Vector256<float>.Zero;
        var b1 = Vector256<float>.Zero;
        var a2 = Vector256<float>.Zero;
        var b2 = Vector256<float>.Zero;
        var a3 = Vector256<float>.Zero;
        var b3 = Vector256<float>.Zero;
        nint i = 0;
        for (; i <= columns - 16; i += 16)
        {
            var x = Vector256.Load(input + i);
            var y = Vector256.Load(input + i + 8);
            a0 = TIsa.MultiplyAdd(x, Vector256.Load(row0 + i), a0);
            b0 = TIsa.MultiplyAdd(y, Vector256.Load(row0 + i + 8), b0);
            a1 = TIsa.MultiplyAdd(x, Vector256.Load(row1 + i), a1);
            b1 = TIsa.MultiplyAdd(y, Vector256.Load(row1 + i + 8), b1);
            a2 = TIsa.MultiplyAdd(x, Vector256.Load(row2 + i), a2);
            b2 = TIsa.MultiplyAdd(y, Vector256.Load(row2 + i + 8), b2);
            a3 = TIsa.MultiplyAdd(x, Vector256.Load(row3 + i), a3);
            b3 = TIsa.MultiplyAdd(y, Vector256.Load(row3 + i + 8), b3);
        }

        if (i < columns)
        {
            var count = columns - (int)i;
            var tail = stackalloc float[80];
            new Span<float>(tail, 80).Clear();
            CopyTail(input + i, tail, count);
            CopyTail(row0 + i, tail + 16, count);
            CopyTail(row1 + i, tail + 32, count);
            CopyTail(row2 + i, tail + 48, count);
            CopyTail(row3 + i, tail + 64, count);
            var x = Vector256.Load(tail);
            var y = Vector256.Load(tail + 8);
            a0 = TIsa.MultiplyAdd(x, Vector256.Load(tail + 16), a0);
            b0 = TIsa.MultiplyAdd(y, Vector256.Load(tail + 24), b0);
            a1 = TIsa.MultiplyAdd(x, Vector256.Load(tail + 32), a1);
            b1 = TIsa.MultiplyAdd(y, Vector256.Load(tail + 40), b1);
            a2 = TIsa.MultiplyAdd(x, Vector256.Load(tail + 48), a2);
            b2 = TIsa.MultiplyAdd(y, Vector256.Load(tail + 56), b2);
            a3 = TIsa.MultiplyAdd(x, Vector256.Load(tail + 64), a3);
            b3 = TIsa.MultiplyAdd(y, Vector256.Load(tail + 72), b3);
        }

        output[0] = SumLanes(a0, b0);
        output[1] = SumLanes(a1, b1);
        output[2] = SumLanes(a2, b2);
        output[3] = SumLanes(a3, b3);
    }

    /// <summary>sums[0..width] = fma(input[r], weights[r, 0..width], sums) for the rows 0..<paramref name="rows"/>, ascending.</summary>
    /// <param name="width">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AccumulateRows<TIsa>(float* weights, nint stride, int rows, float* input, float* sums, int width)
        where TIsa : struct, IIsa
    {
        nint column = 0;
        for (; column <= width - 32; column += 32)
        {
            var s0 = Vector256.Load(sums + column);
            var s1 = Vector256.Load(sums + column + 8);
            var s2 = Vector256.Load(sums + column + 16);
            var s3 = Vector256.Load(sums + column + 24);
            var w = weights + column;
            for (nint row = 0; row < rows; row++, w += stride)
            {
                var x = Vector256.Create(input[row]);
                s0 = TIsa.MultiplyAdd(x, Vector256.Load(w), s0);
                s1 = TIsa.MultiplyAdd(x, Vector256.Load(w + 8), s1);
                s2 = TIsa.MultiplyAdd(x, Vector256.Load(w + 16), s2);
                s3 = TIsa.MultiplyAdd(x, Vector256.Load(w + 24), s3);
            }

            s0.Store(sums + column);
            s1.Store(sums + column + 8);
            s2.Store(sums + column + 16);
            s3.Store(sums + column + 24);
        }

        for (; column < width; column += 8)
        {
            var sum = Vector256.Load(sums + column);
            var w = weights + column;
            for (nint row = 0; row < rows; row++, w += stride)
            {
                sum = TIsa.MultiplyAdd(Vector256.Create(input[row]), Vector256.Load(w), sum);
            }

            sum.Store(sums + column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumLanes(Vector256<float> first, Vector256<float> last)
    {
        var eight = first + last;
        var four = eight.GetLower() + eight.GetUpper();
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.ToScalar() + two.GetElement(1);
    }

    private static void CopyTail(float* source, float* target, int count) =>
        new Span<float>(source, count).CopyTo(new Span<float>(target, count));
}
