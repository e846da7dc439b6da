using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models.Layers;

/// <summary>Euclidean lengths of a matrix's rows.</summary>
internal static class RowLengths
{
    private const double Least = 1e-12; // torch's normalize: a row of zeros stays one

    /// <summary>One over each row's length: [rows].</summary>
    public static float[] Inverse(WeightMatrix matrix, int threads)
    {
        var scales = new float[matrix.Rows];
        Parallel.For(0, matrix.Rows, new ParallelOptions { MaxDegreeOfParallelism = threads }, () => new float[matrix.Columns], (row, _, values) =>
        {
            matrix.DecodeRow(row, values);
            var sum = 0.0;
            foreach (var value in values)
            {
                sum += (double)value * value;
            }

            scales[row] = (float)(1 / Math.Max(Math.Sqrt(sum), Least));
            return values;
        }, static _ => { });
        return scales;
    }
}
