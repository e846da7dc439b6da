using System.Buffers;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>What a tensor's values are.</summary>
internal enum SynthRole
{
    /// <summary>Integers −7…7 times a power of two a tile, deviation about 1/√columns, in the model's type.</summary>
    Matrix,

    /// <summary>The same without the integers that MXFP4 lacks, 5 and 7, for which 4 and 6 stand.</summary>
    FourBitMatrix,

    /// <summary>The values of a matrix, always F32.</summary>
    Router,

    /// <summary>1 + integer/64, F32.</summary>
    Norm,

    /// <summary>integer/256, F32.</summary>
    Bias,

    /// <summary>−integer/8 below 0, F32.</summary>
    Rate,

    /// <summary>integer/4, F32.</summary>
    Sink,

    /// <summary>Given numbers, F32.</summary>
    Given,
}

/// <summary>A tensor to be made: where it will stand and what fills it.</summary>
/// <param name="Shape">Row-major.</param>
internal sealed record SynthTensor(string Name, DType DType, long[] Shape, SynthRole Role, float[]? Values = null)
{
    private const int ChunkBytes = 8 << 20;

    private int Columns => (int)Shape[^1];

    // Rows of one matrix: a stack of experts restarts its tiles at each.
    private long MatrixRows => Shape.Length > 1 ? Shape[^2] : 1;

    private long Rows => Shape[..^1].Aggregate(1L, (product, length) => product * length);

    /// <summary>Generates the rows, several at once, and hands them on in order: one chunk is made while the one before is written.</summary>
    public void Write(ulong seed, int threads, TensorSink sink, CancellationToken cancellationToken)
    {
        if (Role is SynthRole.Norm or SynthRole.Bias or SynthRole.Rate or SynthRole.Sink or SynthRole.Given)
        {
            sink(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Vector(seed)));
            return;
        }

        var rowBytes = (int)DType.Layout().RowBytes(Columns);
        var chunkRows = (int)Math.Clamp(ChunkBytes / rowBytes, 1, Rows);
        var buffers = (ArrayPool<byte>.Shared.Rent(chunkRows * rowBytes), ArrayPool<byte>.Shared.Rent(chunkRows * rowBytes));
        var writing = Task.CompletedTask;
        try
        {
            for (long row = 0; row < Rows; row += chunkRows)
            {
                var rows = (int)Math.Min(chunkRows, Rows - row);
                var buffer = buffers.Item1;
                Generate(seed, row, rows, rowBytes, buffer, threads, cancellationToken);
                writing.GetAwaiter().GetResult();
                writing = Task.Run(() => sink(buffer.AsSpan(0, rows * rowBytes)), CancellationToken.None);
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

    private void Generate(ulong seed, long firstRow, int rows, int rowBytes, byte[] buffer, int threads, CancellationToken cancellationToken)
    {
        const int RowsPerTask = 16;
        var key = SynthBits.Key(seed, Name);
        var tileKey = SynthBits.Key(seed, Name + "/scale");
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        Parallel.For(0, (rows + RowsPerTask - 1) / RowsPerTask, options, task =>
        {
            var words = (Columns + SynthBits.ValuesPerWord - 1) / SynthBits.ValuesPerWord;
            var nibbles = ArrayPool<byte>.Shared.Rent(words * SynthBits.ValuesPerWord);
            Span<sbyte> exponents = stackalloc sbyte[(Columns + SynthEncoder.TileLength - 1) / SynthEncoder.TileLength];
            for (var i = task * RowsPerTask; i < Math.Min(rows, (task + 1) * RowsPerTask); i++)
            {
                var row = firstRow + i;
                SynthBits.Fill(key, row * words, nibbles.AsSpan(0, words * SynthBits.ValuesPerWord));
                if (Role == SynthRole.FourBitMatrix)
                {
                    SynthBits.RoundToFourBits(nibbles.AsSpan(0, Columns));
                }

                Exponents(tileKey, row, exponents);
                SynthEncoder.Encode(DType, nibbles.AsSpan(0, Columns), exponents, buffer.AsSpan(i * rowBytes, rowBytes));
            }

            ArrayPool<byte>.Shared.Return(nibbles);
        });
    }

    private void Exponents(ulong tileKey, long row, Span<sbyte> exponents)
    {
        var middle = (int)Math.Round(-Math.Log2(SynthBits.StandardDeviation * Math.Sqrt(Columns)));
        var tileRows = (MatrixRows + SynthEncoder.TileLength - 1) / SynthEncoder.TileLength;
        var tileRow = (row / MatrixRows * tileRows) + (row % MatrixRows / SynthEncoder.TileLength);
        for (var i = 0; i < exponents.Length; i++)
        {
            exponents[i] = (sbyte)(middle - 1 + (int)(SynthBits.Word(tileKey, (tileRow * exponents.Length) + i) % 3));
        }
    }

    private float[] Vector(ulong seed)
    {
        if (Role == SynthRole.Given)
        {
            return Values!;
        }

        var length = (int)(Rows * Columns);
        var nibbles = new byte[(length + SynthBits.ValuesPerWord - 1) / SynthBits.ValuesPerWord * SynthBits.ValuesPerWord];
        SynthBits.Fill(SynthBits.Key(seed, Name), 0, nibbles);
        return [.. nibbles.Take(length).Select(nibble => Role switch
        {
            SynthRole.Norm => 1 + ((nibble - 8) / 64f),
            SynthRole.Rate => nibble / -8f,
            SynthRole.Sink => (nibble - 8) / 4f,
            _ => (nibble - 8) / 256f,
        })];
    }
}
