using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Training;

/// <summary>
/// The inner product of matrix multiplication: a tile of 12 rows by 32 columns, held in 24 registers of 512 bits while it goes through the depth (Goto and van
/// de Geijn 2008). An element is one chain of fused multiply-adds along the depth, so its bits depend on neither tile nor thread.
/// </summary>
internal static unsafe class GemmTile
{
    public const int Rows = 12;
    public const int Columns = 32;

    /// <param name="left">[depth, 12]: a packed panel of the left matrix</param>
    /// <param name="right">[depth, 32]: a packed panel of the right one</param>
    /// <param name="output">[12, 32], rows <paramref name="stride"/> apart</param>
    /// <param name="accumulates">Whether the output is added to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(float* left, float* right, nint depth, float* output, nint stride, float scale, bool accumulates)
    {
        Vector512<float> zero = default;
        var (a0, b0) = (zero, zero);
        var (a1, b1) = (zero, zero);
        var (a2, b2) = (zero, zero);
        var (a3, b3) = (zero, zero);
        var (a4, b4) = (zero, zero);
        var (a5, b5) = (zero, zero);
        var (a6, b6) = (zero, zero);
        var (a7, b7) = (zero, zero);
        var (a8, b8) = (zero, zero);
        var (a9, b9) = (zero, zero);
        var (a10, b10) = (zero, zero);
        var (a11, b11) = (zero, zero);
        for (nint k = 0; k < depth; k++)
        {
            var x = Vector512.Load(right);
            var y = Vector512.Load(right + 16);
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(left[0]), x, a0);
            b0 = Vector512.FusedMultiplyAdd(Vector512.Create(left[0]), y, b0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(left[1]), x, a1);
            b1 = Vector512.FusedMultiplyAdd(Vector512.Create(left[1]), y, b1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(left[2]), x, a2);
            b2 = Vector512.FusedMultiplyAdd(Vector512.Create(left[2]), y, b2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(left[3]), x, a3);
            b3 = Vector512.FusedMultiplyAdd(Vector512.Create(left[3]), y, b3);
            a4 = Vector512.FusedMultiplyAdd(Vector512.Create(left[4]), x, a4);
            b4 = Vector512.FusedMultiplyAdd(Vector512.Create(left[4]), y, b4);
            a5 = Vector512.FusedMultiplyAdd(Vector512.Create(left[5]), x, a5);
            b5 = Vector512.FusedMultiplyAdd(Vector512.Create(left[5]), y, b5);
            a6 = Vector512.FusedMultiplyAdd(Vector512.Create(left[6]), x, a6);
            b6 = Vector512.FusedMultiplyAdd(Vector512.Create(left[6]), y, b6);
            a7 = Vector512.FusedMultiplyAdd(Vector512.Create(left[7]), x, a7);
            b7 = Vector512.FusedMultiplyAdd(Vector512.Create(left[7]), y, b7);
            a8 = Vector512.FusedMultiplyAdd(Vector512.Create(left[8]), x, a8);
            b8 = Vector512.FusedMultiplyAdd(Vector512.Create(left[8]), y, b8);
            a9 = Vector512.FusedMultiplyAdd(Vector512.Create(left[9]), x, a9);
            b9 = Vector512.FusedMultiplyAdd(Vector512.Create(left[9]), y, b9);
            a10 = Vector512.FusedMultiplyAdd(Vector512.Create(left[10]), x, a10);
            b10 = Vector512.FusedMultiplyAdd(Vector512.Create(left[10]), y, b10);
            a11 = Vector512.FusedMultiplyAdd(Vector512.Create(left[11]), x, a11);
            b11 = Vector512.FusedMultiplyAdd(Vector512.Create(left[11]), y, b11);
            left += Rows;
            right += Columns;
        }

        Store(output + (0 * stride), a0, b0, scale, accumulates);
        Store(output + (1 * stride), a1, b1, scale, accumulates);
        Store(output + (2 * stride), a2, b2, scale, accumulates);
        Store(output + (3 * stride), a3, b3, scale, accumulates);
        Store(output + (4 * stride), a4, b4, scale, accumulates);
        Store(output + (5 * stride), a5, b5, scale, accumulates);
        Store(output + (6 * stride), a6, b6, scale, accumulates);
        Store(output + (7 * stride), a7, b7, scale, accumulates);
        Store(output + (8 * stride), a8, b8, scale, accumulates);
        Store(output + (9 * stride), a9, b9, scale, accumulates);
        Store(output + (10 * stride), a10, b10, scale, accumulates);
        Store(output + (11 * stride), a11, b11, scale, accumulates);
    }

    /// <summary>A tile of which only some rows and columns exist.</summary>
    public static void RunPart(float* left, float* right, nint depth, float* output, nint stride, float scale, bool accumulates, int rows, int columns)
    {
        var tile = stackalloc float[Rows * Columns];
        Run(left, right, depth, tile, Columns, scale, accumulates: false);
        for (var r = 0; r < rows; r++)
        {
            var from = tile + (r * Columns);
            var to = output + (r * stride);
            for (var c = 0; c < columns; c++)
            {
                to[c] = accumulates ? to[c] + from[c] : from[c];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* output, Vector512<float> a, Vector512<float> b, float scale, bool accumulates)
    {
        a *= scale;
        b *= scale;
        if (accumulates)
        {
            a += Vector512.Load(output);
            b += Vector512.Load(output + 16);
        }

        a.Store(output);
        b.Store(output + 16);
    }
}
