using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Memory;

/// <summary>Measures how fast this machine's threads can read memory: the limit of single-sequence decoding.</summary>
public static unsafe class ReadBandwidth
{
    private const long ChunkBytes = 1 << 20;

    /// <summary>
    /// Bytes per second, the best of <paramref name="repeats"/> passes of each read loop over <paramref name="bytes"/> of huge pages, all threads of the
    /// pool reading. Processors differ in which loop reads fastest: two widths of one stream, and four streams a thread, are tried.
    /// </summary>
    public static double Measure(ComputePool pool, long bytes, int repeats)
    {
        using var buffer = new AlignedBuffer<byte>(bytes / ChunkBytes * ChunkBytes);
        var clear = new ClearWork { Data = buffer.Address };
        pool.Run(ref clear, (int)(buffer.Length / ChunkBytes), 16); // a page that nobody wrote to has no memory of its own to be read from
        var fastest = long.MaxValue; // ticks
        for (var i = 0; i < repeats; i++)
        {
            var narrow = new NarrowRead { Data = buffer.Address };
            var wide = new WideRead { Data = buffer.Address };
            var streams = new StreamsRead { Data = buffer.Address };
            fastest = Math.Min(fastest, Math.Min(Time(pool, ref narrow, buffer.Length), Math.Min(Time(pool, ref wide, buffer.Length), Time(pool, ref streams, buffer.Length))));
        }

        return buffer.Length / Stopwatch.GetElapsedTime(0, fastest).TotalSeconds;
    }

    private static long Time<TWork>(ComputePool pool, ref TWork work, long bytes)
        where TWork : struct, IWork
    {
        var start = Stopwatch.GetTimestamp();
        pool.Run(ref work, (int)(bytes / ChunkBytes), 16);
        return Math.Max(1, Stopwatch.GetTimestamp() - start);
    }

    // The buffer is all zero, so this never throws; it keeps the reads alive.
    private static void RequireZero(bool zero)
    {
        if (!zero)
        {
            throw new InvalidOperationException("the buffer changed while it was read");
        }
    }

    private struct ClearWork : IWork
    {
        public byte* Data;

        public readonly void Execute(int start, int end, int worker) => NativeMemory.Clear(Data + (start * ChunkBytes), (nuint)((end - start) * ChunkBytes));
    }

    private struct NarrowRead : IWork
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

            RequireZero((a ^ b ^ c ^ d) == Vector256<long>.Zero);
        }
    }

    private struct WideRead : IWork
    {
        public byte* Data;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Execute(int start, int end, int worker)
        {
            var data = Data + (start * ChunkBytes);
            var stop = Data + (end * ChunkBytes);
            var a = Vector512<long>.Zero;
            var b = Vector512<long>.Zero;
            var c = Vector512<long>.Zero;
            var d = Vector512<long>.Zero;
            for (; data < stop; data += 256)
            {
                a ^= Vector512.Load((long*)data);
                b ^= Vector512.Load((long*)(data + 64));
                c ^= Vector512.Load((long*)(data + 128));
                d ^= Vector512.Load((long*)(data + 192));
            }

            RequireZero((a ^ b ^ c ^ d) == Vector512<long>.Zero);
        }
    }

    private struct StreamsRead : IWork
    {
        public byte* Data;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Execute(int start, int end, int worker)
        {
            var data = Data + (start * ChunkBytes);
            var quarter = (end - start) * ChunkBytes / 4;
            var stop = data + quarter;
            var a = Vector512<long>.Zero;
            var b = Vector512<long>.Zero;
            var c = Vector512<long>.Zero;
            var d = Vector512<long>.Zero;
            for (; data < stop; data += 64)
            {
                a ^= Vector512.Load((long*)data);
                b ^= Vector512.Load((long*)(data + quarter));
                c ^= Vector512.Load((long*)(data + (2 * quarter)));
                d ^= Vector512.Load((long*)(data + (3 * quarter)));
            }

            RequireZero((a ^ b ^ c ^ d) == Vector512<long>.Zero);
        }
    }
}
