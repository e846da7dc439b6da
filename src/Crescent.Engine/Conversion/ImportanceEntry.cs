namespace Crescent.Engine.Conversion;

/// <summary>What was measured of one weight matrix, or of a stack of them (experts, heads).</summary>
/// <param name="Sums">[matrices, columns]: for every column the sum of its squared inputs.</param>
/// <param name="Counts">[matrices]: input rows that each matrix was multiplied with; or one count for all.</param>
public sealed record ImportanceEntry(float[] Sums, float[] Counts)
{
    /// <summary>Weights of a tensor's columns: mean squared inputs, or 1 where a matrix saw no input.</summary>
    /// <returns>[matrices, columns], or null where the entry has another size.</returns>
    public float[]? Weights(long matrices, long columns)
    {
        if (Sums.Length != matrices * columns || (Counts.Length != 1 && Counts.Length != matrices))
        {
            return null;
        }

        var weights = new float[Sums.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            var count = Counts.Length == 1 ? Counts[0] : Counts[i / columns];
            weights[i] = count > 0 ? Sums[i] / count : 1;
        }

        return weights;
    }
}
