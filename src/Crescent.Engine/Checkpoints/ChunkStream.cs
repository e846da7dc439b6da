using System.Buffers;

namespace Crescent.Engine.Checkpoints;

/// <summary>Makes a tensor's bytes on several threads and hands them on in order: one chunk is made while the one before is written.</summary>
internal static class ChunkStream
{
    private const int ChunkBytes = 8 << 20;
    private const int RowsPerTask = 16;

    /// <summary>Writes one row.</summary>
    public delegate void RowMaker(long row, Span<byte> bytes);

    /// <summary>Writes rows that can each be made alone.</summary>
    public static void Write(long rows, int rowBytes, RowMaker make, int threads, TensorSink sink, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        var chunkRows = (int)Math.Clamp(ChunkBytes / rowBytes, 1, rows);
        Write(rows, rowBytes, chunkRows, (first, count, buffer) =>
            Parallel.For(0, (count + RowsPerTask - 1) / RowsPerTask, options, task =>
            {
                for (var i = task * RowsPerTask; i < Math.Min(count, (task + 1) * RowsPerTask); i++)
                {
                    make(first + i, buffer.AsSpan(i * rowBytes, rowBytes));
                }
            }), sink);
    }

    /// <summary>Writes chunks of <paramref name="chunkRows"/> rows, which <paramref name="fill"/> makes: from a row on, so many, at the buffer's start.</summary>
    public static void Write(long rows, int rowBytes, int chunkRows, Action<long, int, byte[]> fill, TensorSink sink)
    {
        var buffers = (ArrayPool<byte>.Shared.Rent(checked(chunkRows * rowBytes)), ArrayPool<byte>.Shared.Rent(chunkRows * rowBytes));
        var writing = Task.CompletedTask;
        try
        {
            for (long row = 0; row < rows; row += chunkRows)
            {
                var count = (int)Math.Min(chunkRows, rows - row);
                var buffer = buffers.Item1;
                fill(row, count, buffer);
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
}
