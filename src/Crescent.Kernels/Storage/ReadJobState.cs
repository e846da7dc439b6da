namespace Crescent.Kernels.Storage;

internal enum ReadJobState
{
    /// <summary>No reader has it.</summary>
    Free,

    /// <summary>None of its blocks has been handed to the system.</summary>
    Queued,

    Begun,
    Completed,
}
