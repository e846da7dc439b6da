namespace Crescent.Kernels.Storage;

/// <summary>What hands blocks to the system. Tests put failing, stalling and short-reading ones in its place.</summary>
internal interface IReadBackend
{
    string Name { get; }

    /// <summary>
    /// Starts a read and returns at once. It ends with one call of the function given at creation, from another thread, never from within this one: with the
    /// bytes read, or an error number below zero.
    /// </summary>
    void Start(ReadBlock block);

    /// <summary>No more reads will be started: threads and handles go as soon as the last one has ended. Does not wait.</summary>
    void Stop();
}
