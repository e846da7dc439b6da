namespace Crescent.Engine.Conversion;

/// <summary>Which row of a published matrix becomes which of a written one.</summary>
/// <param name="row">A written row.</param>
/// <returns>The published row.</returns>
internal delegate long RowOrder(long row);

internal static class RowOrders
{
    /// <summary>Rows of a head (i, i + half) to (2i, 2i + 1): the order of GGUF's llama files, where the two rows of a rotation are neighbours.</summary>
    public static RowOrder PairsAdjacent(int headDim) => row =>
    {
        var (head, inside) = Math.DivRem(row, headDim);
        return (head * headDim) + (inside / 2) + (inside % 2 * (headDim / 2));
    };

    /// <summary>Of every block of <paramref name="blockRows"/> rows, <paramref name="rows"/> from <paramref name="first"/> on.</summary>
    public static RowOrder Block(int blockRows, int first, int rows) => row =>
    {
        var (block, inside) = Math.DivRem(row, rows);
        return (block * blockRows) + first + inside;
    };
}
