using Crescent.Kernels.LinearAttention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Tests.LinearAttention;

/// <summary>Buffers of random values, and spans over them.</summary>
internal static class RecurrentCase
{
    public static float[] Values(int length, int seed, float low = -1, float high = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => low + (random.NextSingle() * (high - low)))];
    }

    public static AlignedBuffer<float> Buffer(ReadOnlySpan<float> values)
    {
        var buffer = new AlignedBuffer<float>(values.Length);
        values.CopyTo(buffer.Span(0, values.Length));
        return buffer;
    }

    public static float[] Array(AlignedBuffer<float> buffer) => buffer.Span(0, (int)buffer.Length).ToArray();

    /// <summary>Cuts a span into chunks, each on its own, over one state.</summary>
    public static void InChunks(int tokens, int chunk, AlignedBuffer<float> state, int threads, Action<ComputePool, RecurrentSpan> run)
    {
        using var pool = new ComputePool(threads, threads);
        for (var first = 0; first < tokens; first += chunk)
        {
            run(pool, new RecurrentSpan(first, Math.Min(chunk, tokens - first), state));
        }
    }
}
