namespace Crescent.Tests.Reference;

/// <summary>
/// The values of a tensor, row-major, decoded to doubles, by the name under which its makers publish it. A matrix is [out, in] unless the model's
/// reference says otherwise.
/// </summary>
internal delegate double[] TensorReader(string name);

/// <summary>Readers over other readers.</summary>
internal static class TensorReaders
{
    /// <summary>Asks <paramref name="read"/> for each tensor once.</summary>
    public static TensorReader Remember(this TensorReader read)
    {
        var values = new Dictionary<string, double[]>();
        return name => values.TryGetValue(name, out var found) ? found : values[name] = read(name);
    }

    /// <summary>Matrix <paramref name="index"/> of a stack [count, rows, columns].</summary>
    public static double[] Slice(double[] stack, int count, int index) => stack[(stack.Length / count * index)..(stack.Length / count * (index + 1))];

    /// <summary>[columns, rows] from [rows, columns].</summary>
    public static double[] Transpose(double[] matrix, int columns)
    {
        var rows = matrix.Length / columns;
        var transposed = new double[matrix.Length];
        for (var i = 0; i < matrix.Length; i++)
        {
            transposed[(i % columns * rows) + (i / columns)] = matrix[i];
        }

        return transposed;
    }
}
