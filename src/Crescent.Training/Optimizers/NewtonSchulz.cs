using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Crescent.Training.Parameters;

namespace Crescent.Training.Optimizers;

/// <summary>
/// Brings the singular values of matrices near 1 (Jordan et al. 2024): five steps of <c>X ← aX + b(XXᵀ)X + c(XXᵀ)²X</c> from X = M/‖M‖, on the shorter side. The
/// matrices of a stack go together.
/// </summary>
internal sealed class NewtonSchulz : IDisposable
{
    private const int Steps = 5;
    private const float A = 3.4445f;
    private const float B = -4.7750f;
    private const float C = 2.0315f;
    private const float Least = 1e-7f; // of a norm: gradients that are all zero stay zero

    private readonly ComputePool _pool;
    private readonly AlignedBuffer<float> _other; // [count, rows, columns]
    private readonly AlignedBuffer<float> _square; // [count, side, side]: XXᵀ
    private readonly AlignedBuffer<float> _factor; // [count, side, side]: bI + cXXᵀ
    private readonly AlignedBuffer<float> _polynomial; // [count, side, side]: aI + b(XXᵀ) + c(XXᵀ)²

    public NewtonSchulz(ComputePool pool, IEnumerable<Parameter> parameters)
    {
        var all = parameters.ToArray();
        _pool = pool;
        var longest = all.Select(parameter => parameter.Values.Length).DefaultIfEmpty(0).Max();
        var square = all.Select(parameter => (long)parameter.Count * Math.Min(parameter.Rows, parameter.Columns) * Math.Min(parameter.Rows, parameter.Columns)).DefaultIfEmpty(0).Max();
        (Input, _other) = (new AlignedBuffer<float>(longest), new AlignedBuffer<float>(longest));
        (_square, _factor, _polynomial) = (new AlignedBuffer<float>(square), new AlignedBuffer<float>(square), new AlignedBuffer<float>(square));
    }

    /// <summary>[count, rows, columns]: what is to be orthogonalised; overwritten.</summary>
    public AlignedBuffer<float> Input { get; }

    /// <summary>Returns the buffer in which the result lies, until the next run.</summary>
    public AlignedBuffer<float> Run(int count, int rows, int columns)
    {
        var isTall = rows > columns;
        var side = Math.Min(rows, columns);
        var length = (long)rows * columns;
        OptimizerWork.Parallel(_pool, count, 1, (start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                Normalise(i * length, length);
            }
        });
        var (from, to) = (Input, _other);
        for (var step = 0; step < Steps; step++)
        {
            Step(from, to, count, rows, columns, isTall, side);
            (from, to) = (to, from);
        }

        return from;
    }

    public void Dispose()
    {
        foreach (var buffer in new[] { Input, _other, _square, _factor, _polynomial })
        {
            buffer.Dispose();
        }
    }

    private void Normalise(long start, long length)
    {
        var sum = 0.0;
        foreach (var (first, count) in OptimizerWork.Pieces(length))
        {
            sum += TrainingMath.SumOfSquares(Input.Span(start + first, count));
        }

        var scale = 1 / ((float)Math.Sqrt(sum) + Least);
        foreach (var (first, count) in OptimizerWork.Pieces(length))
        {
            VectorMath.Scale(Input.Span(start + first, count), scale);
        }
    }

    private void Step(AlignedBuffer<float> from, AlignedBuffer<float> to, int count, int rows, int columns, bool isTall, int side)
    {
        FloatView Matrix(AlignedBuffer<float> buffer, int i) => new(buffer, (long)i * rows * columns, rows, columns);
        FloatView Square(AlignedBuffer<float> buffer, int i) => new(buffer, (long)i * side * side, side, side);
        FloatView Wide(AlignedBuffer<float> buffer, int i) => isTall ? Matrix(buffer, i).Transposed : Matrix(buffer, i);
        Multiply(count, i => new GemmJob(Wide(from, i), Wide(from, i).Transposed, Square(_square, i)));
        OptimizerWork.Parallel(_pool, count, 1, (start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                var factor = _factor.Span((long)i * side * side, side * side);
                _square.Span((long)i * side * side, side * side).CopyTo(factor);
                VectorMath.Scale(factor, C);
                AddToDiagonal(factor, side, B);
            }
        });
        Multiply(count, i => new GemmJob(Square(_square, i), Square(_factor, i), Square(_polynomial, i)));
        OptimizerWork.Parallel(_pool, count, 1, (start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                AddToDiagonal(_polynomial.Span((long)i * side * side, side * side), side, A);
            }
        });
        // Outputs have adjacent columns: of a tall matrix the product is transposed, X P with P symmetric.
        Multiply(count, i => isTall
            ? new GemmJob(Matrix(from, i), Square(_polynomial, i), Matrix(to, i))
            : new GemmJob(Square(_polynomial, i), Matrix(from, i), Matrix(to, i)));
    }

    private void Multiply(int count, Func<int, GemmJob> job) => Gemm.Run(_pool, [.. Enumerable.Range(0, count).Select(job)]);

    private static void AddToDiagonal(Span<float> square, int side, float value)
    {
        for (var i = 0; i < side; i++)
        {
            square[(i * side) + i] += value;
        }
    }
}
