namespace Crescent.Kernels.Storage;

/// <summary>Chooses the backend.</summary>
internal static class ReadBackends
{
    /// <exception cref="NotSupportedException">io_uring was asked for and does not work.</exception>
    public static IReadBackend Create(DriveReaderOptions options, Action<ReadBlock, int> completed)
    {
        if (options.Backend != ReadBackendKind.Threads && UringReads.TryCreate(options.Depth, completed) is { } reads)
        {
            return reads;
        }

        return options.Backend == ReadBackendKind.Uring
            ? throw new NotSupportedException("io_uring does not work here: use the backend of threads")
            : new ReadThreads(options.Depth, completed);
    }
}
