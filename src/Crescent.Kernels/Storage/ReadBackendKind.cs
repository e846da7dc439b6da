namespace Crescent.Kernels.Storage;

/// <summary>How reads are handed to the system.</summary>
public enum ReadBackendKind
{
    /// <summary>io_uring where the system has and allows it, threads elsewhere.</summary>
    Automatic,

    /// <summary>A thread for each read in flight.</summary>
    Threads,

    /// <summary>io_uring, or an error where it does not work.</summary>
    Uring,
}
