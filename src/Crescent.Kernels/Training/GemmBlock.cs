namespace Crescent.Kernels.Training;

/// <summary>Multiplies packed blocks on one thread.</summary>
internal static unsafe class GemmBlock
{
    /// <summary>Steps of the depth after which a sum goes back to memory: a right panel of so many stays in the first cache.</summary>
    public const int Depth = 256;

    /// <summary>Floats of <paramref name="count"/> lanes packed over a depth.</summary>
    public static long PackedLength(long count, int width, long depth) => (count + width - 1) / width * width * depth;

    /// <param name="left">Packed, [⌈rows / 12⌉, depth, 12]</param>
    /// <param name="right">Packed, panels <paramref name="rightStride"/> floats apart of which the first <paramref name="depth"/> steps are used</param>
    public static void Run(
        float* left, float* right, nint rightStride, nint depth, float* output, nint outputStride, int rows, int columns, float scale, bool accumulates)
    {
        for (var column = 0; column < columns; column += GemmTile.Columns, right += rightStride)
        {
            var panel = left;
            var width = Math.Min(GemmTile.Columns, columns - column);
            for (var row = 0; row < rows; row += GemmTile.Rows, panel += depth * GemmTile.Rows)
            {
                var height = Math.Min(GemmTile.Rows, rows - row);
                var to = output + (row * outputStride) + column;
                if (height == GemmTile.Rows && width == GemmTile.Columns)
                {
                    GemmTile.Run(panel, right, depth, to, outputStride, scale, accumulates);
                }
                else
                {
                    GemmTile.RunPart(panel, right, depth, to, outputStride, scale, accumulates, height, width);
                }
            }
        }
    }
}
