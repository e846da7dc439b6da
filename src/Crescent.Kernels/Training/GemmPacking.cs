using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Training;

/// <summary>Copies parts of a matrix into panels: [depth, width], so that a tile reads one stream. What the matrix lacks of a width is zero.</summary>
internal static unsafe class GemmPacking
{
    /// <summary>Packs <paramref name="count"/> lanes (rows of a left matrix; columns of a right one, transposed) over a depth, panel after panel.</summary>
    /// <param name="source">[count, depth]</param>
    /// <param name="width">Lanes of a panel, a multiple of 4.</param>
    /// <param name="target">[⌈count / width⌉, depth, width]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(FloatOperand source, int count, nint depth, int width, float* target)
    {
        for (var first = 0; first < count; first += width, target += depth * width)
        {
            var lanes = Math.Min(width, count - first);
            if (source.RowStride == 1)
            {
                CopyLanes(source.At(first, 0), lanes, depth, width, target);
            }
            else
            {
                Transpose(source.At(first, 0), lanes, depth, width, target);
            }
        }
    }

    // Lanes are adjacent: a copy for each step of the depth.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyLanes(FloatOperand source, int lanes, nint depth, int width, float* target)
    {
        var whole = lanes == width;
        for (nint k = 0; k < depth; k++, target += width)
        {
            var from = source.Address + (k * source.ColumnStride);
            if (whole)
            {
                for (var i = 0; i < width; i += 4)
                {
                    Vector128.Load(from + i).Store(target + i);
                }

                continue;
            }

            for (var i = 0; i < width; i++)
            {
                target[i] = i < lanes ? from[i] : 0;
            }
        }
    }

    // The depth is adjacent: squares of 4 by 4 are transposed in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(FloatOperand source, int lanes, nint depth, int width, float* target)
    {
        for (var i = 0; i < width; i += 4)
        {
            var from = source.Address + (i * source.RowStride);
            nint k = 0;
            if (i + 4 <= lanes)
            {
                for (; k + 4 <= depth; k += 4)
                {
                    Square(from + k, source.RowStride, target + (k * width) + i, width);
                }
            }

            for (; k < depth; k++)
            {
                for (var lane = 0; lane < 4; lane++)
                {
                    target[(k * width) + i + lane] = i + lane < lanes ? from[(lane * source.RowStride) + k] : 0;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(float* from, nint fromStride, float* to, nint toStride)
    {
        var a = Vector128.Load(from);
        var b = Vector128.Load(from + fromStride);
        var c = Vector128.Load(from + (2 * fromStride));
        var d = Vector128.Load(from + (3 * fromStride));
        var (ac, bd) = (Low(a, c), Low(b, d));
        var (acHigh, bdHigh) = (High(a, c), High(b, d));
        Low(ac, bd).Store(to);
        High(ac, bd).Store(to + toStride);
        Low(acHigh, bdHigh).Store(to + (2 * toStride));
        High(acHigh, bdHigh).Store(to + (3 * toStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);
}
