using System.Runtime.InteropServices;
using Crescent.Kernels.Processors;

namespace Crescent.Kernels.Memory;

/// <summary>
/// Spreads memory over NUMA nodes page by page (Linux, more than one node). Threads take the ranges of a product as they come free, so no thread reads the
/// same rows every time and there is no first touch to go by: what one thread writes, as the mover of weights does, would lie on one node and be read
/// at that node's speed by all. Interleaved, every product draws on the memory of all nodes at once.
/// </summary>
/// <remarks>
/// Buffers of huge pages are bound where they are made. A mapped file lies in the system's cache, placed when it is first read: interleaved where this process
/// brings it in, else as whoever read it before left it. A policy that the user chose (numactl) stands. Advice only: a refusal changes speed, never the result.
/// </remarks>
internal static unsafe partial class NodeMemory
{
    private const int Default = 0; // MPOL_DEFAULT
    private const int Interleaved = 3; // MPOL_INTERLEAVE
    private const int MaskWords = 16; // 1024 nodes
    private const int BitsInWord = 64;

    /// <summary>Interleaves pages of the range that nobody has touched yet. False where nothing was done.</summary>
    public static bool TryInterleave(ByteRegion region, IReadOnlyList<int> nodes)
    {
        if (nodes.Count == 0 || SystemCalls is not { } calls || PolicyOfThread() != Default)
        {
            return false;
        }

        var page = Environment.SystemPageSize;
        var start = ((nint)region.Address + page - 1) / page * page;
        var length = (nint)region.Address + (nint)region.Length - start;
        var mask = stackalloc ulong[MaskWords];
        return length > 0 && TryFill(mask, nodes) && Call(calls.Bind, start, length, Interleaved, (nint)mask, MaskWords * BitsInWord, 0) == 0;
    }

    /// <summary>Interleaves what the calling thread brings into memory from here on, until <see cref="EndInterleaving"/>. False where nothing was done.</summary>
    public static bool TryBeginInterleaving(IReadOnlyList<int> nodes)
    {
        var mask = stackalloc ulong[MaskWords];
        return nodes.Count > 0 && SystemCalls is { } calls && PolicyOfThread() == Default && TryFill(mask, nodes)
            && Call(calls.SetPolicy, Interleaved, (nint)mask, MaskWords * BitsInWord, 0, 0, 0) == 0;
    }

    public static void EndInterleaving()
    {
        if (SystemCalls is { } calls)
        {
            Call(calls.SetPolicy, Default, 0, 0, 0, 0, 0);
        }
    }

    /// <summary>The policy of the calling thread; −1 where the system does not tell.</summary>
    public static int PolicyOfThread() => Policy(null, 0);

    /// <summary>The policy of a region's first page; −1 where the system does not tell.</summary>
    public static int PolicyOf(ByteRegion region) => Policy(region.Address, 2); // MPOL_F_ADDR

    private static int Policy(byte* address, int flags)
    {
        var mode = -1;
        return SystemCalls is { } calls && Call(calls.GetPolicy, (nint)(&mode), 0, 0, (nint)address, flags, 0) == 0 ? mode : -1;
    }

    // No wrapper in libc: the numbers of Linux' system calls by architecture (asm/unistd_64.h, asm-generic/unistd.h).
    private static (int Bind, int GetPolicy, int SetPolicy)? SystemCalls => !OperatingSystem.IsLinux() ? null : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (237, 239, 238),
        Architecture.Arm64 => (235, 236, 237),
        _ => null,
    };

    private static bool TryFill(ulong* mask, IReadOnlyList<int> nodes)
    {
        new Span<ulong>(mask, MaskWords).Clear();
        foreach (var node in nodes)
        {
            if (node >= MaskWords * BitsInWord)
            {
                return false;
            }

            mask[node / BitsInWord] |= 1UL << (node % BitsInWord);
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
