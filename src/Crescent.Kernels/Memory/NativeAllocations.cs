namespace Crescent.Kernels.Memory;

/// <summary>How much memory aligned buffers have taken from the system, touched or not: what they may come to occupy.</summary>
public static class NativeAllocations
{
    private static long s_bytes;

    /// <summary>Bytes of all buffers that exist in the process.</summary>
    public static long Bytes => Volatile.Read(ref s_bytes);

    internal static void Add(long bytes) => Interlocked.Add(ref s_bytes, bytes);
}
