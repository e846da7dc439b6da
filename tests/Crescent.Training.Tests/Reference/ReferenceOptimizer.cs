using Crescent.Training.Optimizers;
using Crescent.Training.Parameters;

namespace Crescent.Training.Tests.Reference;

/// <summary>Muon and AdamW as their papers write them, in doubles.</summary>
internal sealed class ReferenceOptimizer
{
    private readonly Parameter _parameter;
    private readonly OptimizerOptions _options;
    private readonly double[] _first;
    private readonly double[] _second;

    public ReferenceOptimizer(Parameter parameter, OptimizerOptions options)
    {
        (_parameter, _options) = (parameter, options);
        Weights = [.. Enumerable.Range(0, (int)parameter.Values.Length).Select(i => (double)parameter.Values[i])];
        (_first, _second) = (new double[Weights.Length], new double[Weights.Length]);
    }

    public double[] Weights { get; }

    /// <summary>Square of the last step's length.</summary>
    public double Moved { get; private set; }

    public void Step(double[] gradient, double clip, double rate, int step)
    {
        var before = Weights.ToArray();
        var update = new double[Weights.Length];
        var isMuon = _options.Muon && _parameter.Role is (ParameterRole.Matrix or ParameterRole.Expert);
        for (var i = 0; i < Weights.Length; i++)
        {
            var g = gradient[i] * clip;
            if (isMuon)
            {
                _first[i] = (_options.Momentum * _first[i]) + g;
                update[i] = (_options.Momentum * _first[i]) + g;
            }
            else
            {
                _first[i] = (_options.Beta1 * _first[i]) + ((1 - _options.Beta1) * g);
                _second[i] = (_options.Beta2 * _second[i]) + ((1 - _options.Beta2) * g * g);
                update[i] = _first[i] / (1 - Math.Pow(_options.Beta1, step)) / (Math.Sqrt(_second[i] / (1 - Math.Pow(_options.Beta2, step))) + _options.Epsilon);
            }
        }

        for (var matrix = 0; isMuon && matrix < _parameter.Count; matrix++)
        {
            Orthogonalise(update.AsSpan((int)(matrix * _parameter.MatrixLength), (int)_parameter.MatrixLength), _parameter.Rows, _parameter.Columns);
        }

        var scale = isMuon ? 0.2 * Math.Sqrt(Math.Max(_parameter.Rows, _parameter.Columns)) : 1;
        for (var i = 0; i < Weights.Length; i++)
        {
            Weights[i] -= rate * ((scale * update[i]) + (_options.WeightDecay * Weights[i]));
        }

        Moved = Weights.Zip(before, (after, was) => Math.Pow(after - was, 2)).Sum();
    }

    private static void Orthogonalise(Span<double> values, int rows, int columns)
    {
        var x = new double[rows, columns];
        var norm = 0.0;
        for (var i = 0; i < rows * columns; i++)
        {
            norm += values[i] * values[i];
            x[i / columns, i % columns] = values[i];
        }

        x = Combine(x, x, 1 / Math.Sqrt(norm), 0);
        x = rows > columns ? Transpose(x) : x;
        for (var step = 0; step < 5; step++)
        {
            var a = Multiply(x, Transpose(x));
            var b = Combine(a, Multiply(a, a), -4.7750, 2.0315);
            x = Combine(x, Multiply(b, x), 3.4445, 1);
        }

        x = rows > columns ? Transpose(x) : x;
        for (var i = 0; i < rows * columns; i++)
        {
            values[i] = x[i / columns, i % columns];
        }
    }

    private static double[,] Combine(double[,] a, double[,] b, double scaleA, double scaleB)
    {
        var result = new double[a.GetLength(0), a.GetLength(1)];
        for (var i = 0; i < result.Length; i++)
        {
            var (r, c) = (i / result.GetLength(1), i % result.GetLength(1));
            result[r, c] = (scaleA * a[r, c]) + (scaleB * b[r, c]);
        }

        return result;
    }

    private static double[,] Transpose(double[,] a)
    {
        var result = new double[a.GetLength(1), a.GetLength(0)];
        for (var i = 0; i < a.Length; i++)
        {
            result[i % a.GetLength(1), i / a.GetLength(1)] = a[i / a.GetLength(1), i % a.GetLength(1)];
        }

        return result;
    }

    private static double[,] Multiply(double[,] a, double[,] b)
    {
        var result = new double[a.GetLength(0), b.GetLength(1)];
        for (var i = 0; i < a.GetLength(0); i++)
        {
            for (var j = 0; j < b.GetLength(1); j++)
            {
                for (var k = 0; k < b.GetLength(0); k++)
                {
                    result[i, j] += a[i, k] * b[k, j];
                }
            }
        }

        return result;
    }
}
