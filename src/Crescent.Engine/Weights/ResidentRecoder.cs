using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Weights;

/// <summary>
/// Recodes what every token needs (attention, dense and shared feed-forward units, the head) to a smaller type while a model loads, so that it fits
/// in memory. Routed experts, routers, vectors and the embedding's rows stay as they are. Owns what it makes.
/// </summary>
public sealed class ResidentRecoder : IDisposable
{
    private const DType Fallback = DType.Q8_0; // for rows that are not whole blocks of the type asked for

    private readonly DType _type;
    private readonly IsaLevel _isa;
    private readonly int _threads;
    private readonly List<AlignedBuffer<byte>> _buffers = [];

    /// <param name="threads">Threads that recode.</param>
    /// <exception cref="NotSupportedException">The type cannot be encoded.</exception>
    public ResidentRecoder(DType type, IsaLevel isa, int threads)
    {
        if (!RowCodec.CanEncode(type))
        {
            throw new NotSupportedException($"weights cannot be recoded to {type}; supported: {string.Join(", ", RowCodec.Supported.Where(RowCodec.CanEncode))}");
        }

        (_type, _isa, _threads) = (type, isa, threads);
    }

    /// <summary>Bytes in memory of all that was recoded.</summary>
    public long Bytes => _buffers.Sum(buffer => buffer.Length);

    /// <summary>The type that a tensor's matrices are to be recoded to; null where they stay: routed experts, routers, and what would not become smaller.</summary>
    internal DType? TypeOf(CheckpointTensor tensor, long columns) => TypeOf(_type, tensor.Name, tensor.Count, columns, tensor.StoredBytes);

    /// <inheritdoc cref="TypeOf(CheckpointTensor, long)"/>
    /// <param name="wanted">The type asked for.</param>
    /// <param name="count">Values of the tensor.</param>
    internal static DType? TypeOf(DType wanted, string name, long count, long columns, long storedBytes)
    {
        if (TensorRole.Of(name) is not (TensorRole.Attention or TensorRole.FeedForward or TensorRole.SharedExperts or TensorRole.Head or TensorRole.Embeddings))
        {
            return null;
        }

        var type = columns % wanted.Layout().BlockLength == 0 ? wanted : Fallback;
        return columns % type.Layout().BlockLength == 0 && count / columns * type.Layout().RowBytes(columns) < storedBytes ? type : null;
    }

    /// <summary>The same matrix in another type, in memory of its own.</summary>
    /// <exception cref="ArgumentException">A value cannot be encoded: it is not finite, or too large for the type.</exception>
    internal WeightMatrix Recode(WeightMatrix source, DType type)
    {
        var rowBytes = (int)type.Layout().RowBytes(source.Columns);
        var buffer = new AlignedBuffer<byte>((long)source.Rows * rowBytes, clear: false);
        _buffers.Add(buffer);
        // The lowest row that fails is encoded once more, for its error alone: thrown inside the loop it would come with others, in an aggregate.
        var result = Parallel.For(0, source.Rows, new ParallelOptions { MaxDegreeOfParallelism = _threads }, () => new float[source.Columns], (row, state, values) =>
        {
            try
            {
                RecodeRow(row, values);
            }
            catch (ArgumentException)
            {
                state.Break();
            }

            return values;
        }, static _ => { });
        if (result.LowestBreakIteration is { } failed)
        {
            RecodeFailed((int)failed);
        }

        return WeightMatrix.Create(type, buffer.Bytes, source.Rows, source.Columns, _isa);

        void RecodeRow(int row, float[] values)
        {
            source.DecodeRow(row, values);
            RowCodec.Encode(type, values, buffer.Span((long)row * rowBytes, rowBytes));
        }

        void RecodeFailed(int row)
        {
            try
            {
                RecodeRow(row, new float[source.Columns]);
            }
            catch (ArgumentException exception)
            {
                throw new ArgumentException($"row {row} cannot be recoded to {type}: {exception.Message}", exception);
            }
        }
    }

    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());
}
