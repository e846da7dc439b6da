using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// The input rows of products, as floats and, once asked for, in 8 bits. Whoever writes <see cref="Values"/> after a product must call
/// <see cref="Invalidate"/> (or set <see cref="Rows"/>), else the next product reads the old 8-bit form.
/// </summary>
/// <remarks>
/// The 8-bit form, one for all weight formats, for every group of 32 values: codes = x·s/max|x| rounded to the nearest, ties to
/// even, in −127..127, for the best of four steps s just below 127.5; scale = the least-squares factor of those codes, as a float; and the sums of
/// codes that <see cref="QuantizedGroup"/> lists. A group whose largest magnitude is below 2^-119 (so that 1/scale
/// could overflow) has scale 0 and codes 0. A group with a NaN or an infinity has scale NaN and codes 0, so the products become NaN.
/// </remarks>
public sealed unsafe class Activations : IDisposable
{
    // Below this many values a dispatch costs more than the work.
    private const int InlineValues = 16384;

    private AlignedBuffer<QuantizedGroup>? _groups; // [capacityRows, columns / 32]
    private bool _quantized;

    public Activations(long capacityRows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacityRows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacityRows, int.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        CapacityRows = (int)capacityRows;
        Columns = columns;
        Values = new AlignedBuffer<float>(capacityRows * columns);
    }

    public int Columns { get; }

    public int CapacityRows { get; }

    /// <summary>Rows in use. Setting it drops the 8-bit form, also when the number stays the same.</summary>
    public int Rows
    {
        get;
        set
        {
            if ((uint)value > (uint)CapacityRows)
            {
                ThrowRows(value);
            }

            field = value;
            _quantized = false;
        }
    }

    /// <summary>The values, [capacityRows, columns].</summary>
    public AlignedBuffer<float> Values { get; }

    /// <summary>One row of <see cref="Values"/>.</summary>
    public Span<float> Row(int row) => Values.Span((long)row * Columns, Columns);

    /// <summary>Drops the 8-bit form: the values have changed.</summary>
    public void Invalidate() => _quantized = false;

    /// <summary>Makes the 8-bit form of all rows in use, unless it is there.</summary>
    /// <exception cref="InvalidOperationException">The columns are not whole groups of 32.</exception>
    public void Quantize(ComputePool pool)
    {
        if (_quantized)
        {
            return;
        }

        if (Columns % 32 != 0)
        {
            ThrowColumns();
        }

        _groups ??= new AlignedBuffer<QuantizedGroup>((long)CapacityRows * (Columns / 32));
        var work = new QuantizeWork(this);
        if ((long)Rows * Columns <= InlineValues)
        {
            work.Execute(0, Rows, 0);
        }
        else
        {
            pool.Run(ref work, Rows, Math.Max(1, Math.Min(InlineValues / Columns, Rows / pool.Threads)));
        }

        _quantized = true;
    }

    public void Dispose()
    {
        Values.Dispose();
        _groups?.Dispose();
    }

    internal float* RowValues(int row) => Values.Address + ((nint)row * Columns);

    /// <summary>The 8-bit form of a row, [columns / 32].</summary>
    internal QuantizedGroup* QuantizedRow(int row) => _groups!.Address + ((nint)row * (Columns / 32));

    [DoesNotReturn]
    private void ThrowRows(int rows) =>
        throw new ArgumentOutOfRangeException(nameof(rows), $"{rows} rows; the capacity is {CapacityRows}");

    [DoesNotReturn]
    private void ThrowColumns() =>
        throw new InvalidOperationException($"8-bit activations need whole groups of 32 columns; these have {Columns}");

    private readonly struct QuantizeWork(Activations owner) : IWork
    {
        public void Execute(int start, int end, int worker)
        {
            for (var row = start; row < end; row++)
            {
                var groups = new Span<QuantizedGroup>(owner.QuantizedRow(row), owner.Columns / 32);
                if (IsaLevels.HasAvx512)
                {
                    ActivationQuantizer.Quantize<Avx512Isa>(owner.Row(row), groups);
                }
                else
                {
                    ActivationQuantizer.Quantize<Avx2Isa>(owner.Row(row), groups);
                }
            }
        }
    }
}
