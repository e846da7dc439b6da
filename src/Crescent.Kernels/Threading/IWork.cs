namespace Crescent.Kernels.Threading;

/// <summary>Work that a <see cref="ComputePool"/> spreads over its threads. Implemented by a struct, so that a dispatch allocates nothing.</summary>
public interface IWork
{
    /// <summary>Does the items of the half-open range <paramref name="start"/>..<paramref name="end"/>. The result of an item must not depend on the range it came in.</summary>
    /// <param name="worker">Index of the thread, 0..<see cref="ComputePool.Threads"/>: for scratch memory a thread.</param>
    void Execute(int start, int end, int worker);
}
