using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Conversion;

/// <summary>Rows of a tensor as floats, in the order in which they are written. Safe on several threads.</summary>
internal abstract class RowSource
{
    /// <param name="values">[rows, columns]</param>
    public abstract void Decode(long firstRow, int rows, Span<float> values);
}

/// <summary>Rows of stacked matrices.</summary>
/// <param name="order">Null: as they are.</param>
internal sealed class MatrixRows(WeightMatrix[] matrices, RowOrder? order) : RowSource
{
    public override void Decode(long firstRow, int rows, Span<float> values)
    {
        var columns = matrices[0].Columns;
        for (var i = 0; i < rows; i++)
        {
            var (matrix, row) = Math.DivRem(order?.Invoke(firstRow + i) ?? firstRow + i, matrices[0].Rows);
            matrices[matrix].DecodeRow((int)row, values.Slice(i * columns, columns));
        }
    }
}

/// <summary>
/// The key parts of latent attention's <c>kv_b</c>, each head's transposed: [heads · latent, nope] of [heads · (nope + value), latent].
/// </summary>
/// <param name="headRows">nope + value</param>
/// <param name="nope">Rows of a head that are keys; they come first.</param>
internal sealed class TransposedKeys(WeightMatrix matrix, int headRows, int nope) : RowSource
{
    public override void Decode(long firstRow, int rows, Span<float> values)
    {
        var latent = matrix.Columns;
        var published = new float[latent];
        for (var done = 0; done < rows;)
        {
            var (head, first) = Math.DivRem(firstRow + done, latent);
            var count = (int)Math.Min(rows - done, latent - first);
            for (var n = 0; n < nope; n++)
            {
                matrix.DecodeRow((int)(head * headRows) + n, published);
                for (var i = 0; i < count; i++)
                {
                    values[((done + i) * nope) + n] = published[first + i];
                }
            }

            done += count;
        }
    }
}

/// <summary>Rows divided by their length: Baichuan 2's head.</summary>
internal sealed class UnitRows(WeightMatrix matrix) : RowSource
{
    // torch.nn.functional.normalize's smallest length.
    private const double SmallestLength = 1e-12;

    public override void Decode(long firstRow, int rows, Span<float> values)
    {
        for (var i = 0; i < rows; i++)
        {
            var row = values.Slice(i * matrix.Columns, matrix.Columns);
            matrix.DecodeRow((int)firstRow + i, row);
            var squares = 0.0;
            foreach (var value in row)
            {
                squares += (double)value * value;
            }

            var length = Math.Max(Math.Sqrt(squares), SmallestLength);
            for (var column = 0; column < row.Length; column++)
            {
                row[column] = (float)(row[column] / length);
            }
        }
    }
}

/// <summary>Values that are computed, as one row.</summary>
internal sealed class HeldRow(float[] held) : RowSource
{
    public override void Decode(long firstRow, int rows, Span<float> values) => held.CopyTo(values);
}
