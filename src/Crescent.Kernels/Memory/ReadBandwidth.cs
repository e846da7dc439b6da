using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Memory;

/// <summary>Measures how fast this machine's threads can read memory: the limit of single-sequence decoding.</summary>
public static unsafe class ReadBandwidth
{
    private const long ChunkBytes = 1 << 20;

    /// <summary>Bytes per second, the best of <paramref name="repeats"/> passes over <paramref name="bytes"/> of huge pages, all threads of the pool reading.</summary>
    public static double Measure(ComputePool pool, long bytes, int repeats)
    {
        using var buffer = new AlignedBuffer<byte>(bytes / ChunkBytes * ChunkBytes);
        buffer.Clear(); // a page that nobody wrote to has no memory of its own to be read from
        var best = 0.0;
        for (var i = 0; i < repeats; i++)
        {
            var work = new ReadWork { Data = buffer.Address };
            var start = Stopwatch.GetTimestamp();
            pool.Run(ref work, (int)(buffer.Length / ChunkBytes), 16);
            best = Math.Max(best, buffer.Length / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private struct ReadWork : IWork
    {
        public byte* Data;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Execute(int start, int end, int worker)
        {
            var data = Data + (start * ChunkBytes);
            var stop = Data + (end * ChunkBytes);
            var a = Vector256<long>.Zero;
            var b = Vector256<long>.Zero;
            var c = Vector256<long>.Zero;
            var d = Vector256<long>.Zero;
            for (; data < stop; data += 128)
            {
                a ^= Vector256.Load((long*)data);
                b ^= Vector256.Load((long*)(data + 32));
                c ^= Vector256.Load((long*)(data + 64));
                d ^= Vector256.Load((long*)(data + 96));
            }

            // The buffer is all zero, so this never throws; it keeps the reads alive.
            if ((a ^ b ^ c ^ d) != Vector256<long>.Zero)
            {
                throw new InvalidOperationException("the buffer changed while it was read");
            }
        }
    }
}
