namespace Crescent.Tests.Reference;

/// <summary>Plain double arithmetic on vectors and row-major matrices.</summary>
internal static class Vectors
{
    /// <summary>y = W x, with W [out, in].</summary>
    public static double[] Multiply(double[] weights, double[] x)
    {
        if (weights.Length % x.Length != 0)
        {
            throw new ArgumentException($"a matrix of {weights.Length} values: expected rows of {x.Length}", nameof(weights));
        }

        var y = new double[weights.Length / x.Length];
        for (var row = 0; row < y.Length; row++)
        {
            for (var i = 0; i < x.Length; i++)
            {
                y[row] += weights[(row * x.Length) + i] * x[i];
            }
        }

        return y;
    }

    /// <summary>y = W x + b.</summary>
    public static double[] Multiply(double[] weights, double[] x, double[]? bias) =>
        bias is null ? Multiply(weights, x) : Sum(Multiply(weights, x), bias);

    /// <summary>y = x W, with W [in, out].</summary>
    public static double[] MultiplyTransposed(double[] weights, double[] x)
    {
        var columns = weights.Length / x.Length;
        var y = new double[columns];
        for (var i = 0; i < x.Length; i++)
        {
            for (var column = 0; column < columns; column++)
            {
                y[column] += weights[(i * columns) + column] * x[i];
            }
        }

        return y;
    }

    public static double[] Sum(double[] a, double[] b) => Same(a, b).Select((value, i) => value + b[i]).ToArray();

    public static double[] Product(double[] a, double[] b) => Same(a, b).Select((value, i) => value * b[i]).ToArray();

    public static double[] Scaled(double[] a, double factor) => [.. a.Select(value => value * factor)];

    /// <summary>Row <paramref name="row"/> of a matrix with rows of <paramref name="columns"/>.</summary>
    public static double[] Row(double[] matrix, long row, int columns) => matrix[(int)(row * columns)..(int)((row + 1) * columns)];

    public static double[] RmsNorm(double[] x, double[] weight, double epsilon)
    {
        var scale = 1 / Math.Sqrt((Same(x, weight).Sum(value => value * value) / x.Length) + epsilon);
        return [.. x.Select((value, i) => value * scale * weight[i])];
    }

    /// <summary>Every run of <paramref name="weight"/>'s length normed on its own.</summary>
    public static double[] RmsNormHeads(double[] x, double[] weight, double epsilon) =>
        [.. x.Chunk(weight.Length).SelectMany(head => RmsNorm(head, weight, epsilon))];

    public static double[] Softmax(double[] x)
    {
        var largest = x.Max();
        var powers = x.Select(value => Math.Exp(value - largest)).ToArray();
        return Scaled(powers, 1 / powers.Sum());
    }

    /// <summary>Indices of the <paramref name="k"/> largest, the largest first, the lower index among equals.</summary>
    public static int[] Largest(double[] x, int k) => [.. Enumerable.Range(0, x.Length).OrderByDescending(i => x[i]).Take(k)];

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Silu(double x) => x * Sigmoid(x);

    /// <summary>ln(1 + eˣ).</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    /// <summary>The tanh approximation of GELU.</summary>
    public static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    /// <summary>down(silu(gate x) ⊙ up x).</summary>
    public static double[] SwiGlu(double[] gate, double[] up, double[] down, double[] x) =>
        Multiply(down, Product([.. Multiply(gate, x).Select(Silu)], Multiply(up, x)));

    private static double[] Same(double[] a, double[] b) =>
        a.Length == b.Length ? a : throw new ArgumentException($"a vector of {a.Length} values: expected {b.Length}", nameof(a));
}
