namespace Crescent.Kernels.Storage;

/// <summary>
/// What hands blocks to the system; tests put failing, stalling and short-reading ones in its place. After Dispose no more reads are started: threads and
/// handles go as soon as the last one has ended. Dispose does not wait for that.
/// </summary>
public interface IReadBackend : IDisposable
{
    /// <summary>For reports.</summary>
    string Name { get; }

    /// <summary>
    /// Starts a read and returns at once. It ends with one call of the function given at creation, from another thread, never from within this one: with the
    /// bytes read, or an error number below zero.
    /// </summary>
    void Start(ReadBlock block);
}
