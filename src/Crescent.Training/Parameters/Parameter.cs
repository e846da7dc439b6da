using System.Globalization;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;

namespace Crescent.Training.Parameters;

/// <summary>A trained tensor: float32 master weights and their gradient, one matrix or a stack of them.</summary>
public sealed class Parameter : IDisposable
{
    private readonly string _name;
    private AlignedBuffer<float>? _rounded;
    private RoundedForm _form;

    /// <param name="name">Name in the release; of a stack with <c>{0}</c> in the place of the matrix's number.</param>
    /// <param name="count">Matrices in the stack.</param>
    public Parameter(string name, ParameterRole role, int count, int rows, int columns)
    {
        (_name, Role, Count, Rows, Columns) = (name, role, count, rows, columns);
        Values = new AlignedBuffer<float>((long)count * rows * columns);
        Gradient = new AlignedBuffer<float>(Values.Length);
    }

    public ParameterRole Role { get; }

    public int Count { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Name of the whole, as state and logs have it.</summary>
    public string Name => _name.Replace("{0}", "*", StringComparison.Ordinal);

    /// <summary>[count, rows, columns]: what the optimizer changes.</summary>
    public AlignedBuffer<float> Values { get; }

    /// <summary>[count, rows, columns]</summary>
    public AlignedBuffer<float> Gradient { get; }

    /// <summary>[count, rows, columns]: what the model computes with; the values themselves, or those that their stored form can hold.</summary>
    public AlignedBuffer<float> Used => _rounded ?? Values;

    /// <summary>What the values that the model computes with can be stored as.</summary>
    public RoundedForm Form => _rounded is null ? RoundedForm.Float32 : _form;

    /// <summary>Values of one matrix.</summary>
    public long MatrixLength => (long)Rows * Columns;

    public string NameOf(int matrix) => string.Format(CultureInfo.InvariantCulture, _name, matrix);

    /// <summary>What the model computes with.</summary>
    public FloatView Matrix(int index = 0) => new(Used, index * MatrixLength, Rows, Columns);

    public FloatView MatrixGradient(int index = 0) => new(Gradient, index * MatrixLength, Rows, Columns);

    /// <summary>The weights of a norm.</summary>
    public ReadOnlySpan<float> Vector => Values.Span(0, Columns);

    /// <summary>From now on the model computes with rounded weights; gradients go to the master weights as they are (straight through).</summary>
    /// <exception cref="NotSupportedException">The rows are no whole groups of INT4.</exception>
    public void RoundTo(RoundedForm form)
    {
        if (form == RoundedForm.Int4 && Columns % Int4Rounding.Group != 0)
        {
            throw new NotSupportedException($"{Name}: expected rows of a multiple of {Int4Rounding.Group} values to round them to INT4, found {Columns}");
        }

        _form = form;
        _rounded ??= new AlignedBuffer<float>(Values.Length);
    }

    /// <summary>Rounds some rows of the stack again after the master weights changed.</summary>
    public void RefreshRounded(int firstRow, int rows)
    {
        for (var row = firstRow; _rounded is not null && row < firstRow + rows; row++)
        {
            var values = Values.Span((long)row * Columns, Columns);
            var rounded = _rounded.Span((long)row * Columns, Columns);
            if (_form == RoundedForm.Int4)
            {
                Int4Rounding.Round(values, rounded);
            }
            else
            {
                BFloat16Rounding.Round(values, rounded);
            }
        }
    }

    public void Dispose()
    {
        Values.Dispose();
        Gradient.Dispose();
        _rounded?.Dispose();
    }
}
