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
        ChunkStream.Write(rows, rowBytes, chunkRows, (row, count, buffer) => Make(coder, firstRow + row, count, buffer.AsMemory(0, count * rowBytes)), sink);
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
