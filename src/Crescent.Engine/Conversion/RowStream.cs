using System.Buffers;
using System.Runtime.ExceptionServices;
using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Conversion;

/// <summary>Makes the rows of a tensor on several threads and hands them on in order: one chunk is made while the one before is written.</summary>
/// <param name="threads">The bytes do not depend on it.</param>
internal sealed class RowStream(int threads, CancellationToken cancellationToken)
{
    private const int ChunkBytes = 16 << 20;
    private const int RowsPerTask = 32; // rows of one transposed block share its decoding

    public void Write(RowCoder coder, long rows, int rowBytes, TensorSink sink) => Write(coder, 0, rows, rowBytes, sink);

    public void Write(RowCoder coder, long firstRow, long rows, int rowBytes, TensorSink sink)
    {
        var chunkRows = (int)Math.Clamp(ChunkBytes / rowBytes, 1, rows);
        var buffers = (ArrayPool<byte>.Shared.Rent(checked(chunkRows * rowBytes)), ArrayPool<byte>.Shared.Rent(chunkRows * rowBytes));
        var writing = Task.CompletedTask;
        try
        {
            for (long row = 0; row < rows; row += chunkRows)
            {
                var (buffer, count) = (buffers.Item1, (int)Math.Min(chunkRows, rows - row));
                Make(coder, firstRow + row, count, buffer.AsMemory(0, count * rowBytes));
                writing.GetAwaiter().GetResult();
                writing = Task.Run(() => sink(buffer.AsSpan(0, count * rowBytes)), CancellationToken.None);
                buffers = (buffers.Item2, buffers.Item1);
            }
        }
        finally
        {
            // The sink reads a rented buffer: it must have ended, with or without an error, before that goes back.
            writing.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).GetAwaiter().GetResult();
            ArrayPool<byte>.Shared.Return(buffers.Item1);
            ArrayPool<byte>.Shared.Return(buffers.Item2);
        }

        writing.GetAwaiter().GetResult();
    }

    private void Make(RowCoder coder, long firstRow, int rows, Memory<byte> target)
    {
        var rowBytes = target.Length / rows;
        try
        {
            Parallel.For(0, (rows + RowsPerTask - 1) / RowsPerTask, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, task =>
            {
                var first = task * RowsPerTask;
                var count = Math.Min(RowsPerTask, rows - first);
                coder.Write(firstRow + first, count, target.Span.Slice(first * rowBytes, count * rowBytes));
            });
        }
        catch (AggregateException exception)
        {
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }
    }
}
