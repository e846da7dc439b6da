using Crescent.Kernels.Memory;
using Microsoft.Win32.SafeHandles;

namespace Crescent.Kernels.Storage;

/// <summary>One read handed to the system: part of an extent. Reused; between start and completion the backend has it, else the reader.</summary>
public sealed class ReadBlock
{
    private const int MostRepeats = 100;

    internal ReadBlock()
    {
    }

    internal ReadJob Job { get; private set; } = null!;

    internal DriveFile File { get; private set; } = null!;

    /// <summary>The copy it is read from.</summary>
    internal DriveCopy Copy { get; set; } = null!;

    /// <summary>Whether it was started ahead of need.</summary>
    internal bool IsAhead { get; private set; }

    /// <summary>Where the read begins in the file, bytes.</summary>
    public long Offset { get; private set; }

    /// <summary>Where the bytes go: as many as are asked for, a multiple of the file's block.</summary>
    public ByteRegion Target { get; private set; }

    /// <summary>Bytes asked for.</summary>
    public int Length => (int)Target.Length;

    /// <summary>Bytes the file must have for it: fewer than <see cref="Length"/> at the file's end.</summary>
    public int Needed { get; private set; }

    /// <summary>Reads that failed.</summary>
    public int Failures { get; internal set; }

    /// <summary>Reads that the system wanted issued again.</summary>
    internal int Repeats { get; set; }

    /// <summary>When it is to be read again after a failure, in stopwatch ticks.</summary>
    internal long Due { get; set; }

    /// <summary>The next one in whichever list has it.</summary>
    internal ReadBlock? Next { get; set; }

    /// <summary>A backend's own: the handle it reads through.</summary>
    internal SafeFileHandle? Handle { get; set; }

    /// <summary>Takes the next block of the job, at most <paramref name="blockBytes"/>.</summary>
    internal void Take(ReadJob job, int blockBytes)
    {
        ref readonly var extent = ref job.Extents[job.NextExtent];
        Job = job;
        IsAhead = job.Priority == ReadPriority.Ahead;
        File = extent.File;
        Offset = extent.Offset + job.NextByte;
        Target = extent.Target.Slice(job.NextByte, Math.Min(extent.Target.Length - job.NextByte, Math.Max(blockBytes, File.BlockBytes)));
        Needed = (int)Math.Min(Length, File.Length - Offset);
        Failures = 0;
        Repeats = 0;
        IsTruncated = false;
        job.StartedBytes += Needed;
        job.NextByte += Length;
        if (job.NextByte == extent.Target.Length)
        {
            job.NextByte = 0;
            job.NextExtent++;
        }
    }

    /// <summary>Whether the copy has lost bytes at its end since it was opened.</summary>
    internal bool IsTruncated { get; private set; }

    /// <summary>
    /// After a read that did not bring all that is needed: null where the rest is simply to be read, else what is wrong.
    /// </summary>
    /// <param name="result">Bytes read, or an error number below zero.</param>
    internal string? Continue(int result)
    {
        IsTruncated = false;
        if (result < 0)
        {
            return PlatformFile.IsAgain(result) && ++Repeats < MostRepeats ? null : $"read of {Length} bytes failed: {PlatformFile.Describe(result)}";
        }

        if (TruncatedLength() is { } found)
        {
            IsTruncated = true;
            return $"the file was truncated while in use: expected {File.Length} bytes, found {found}";
        }

        // What follows must begin at a block again.
        var whole = result & -File.BlockBytes;
        if (whole == 0)
        {
            return $"expected {Needed} bytes, found {result}";
        }

        Offset += whole;
        Target = Target.Slice(whole, Length - whole);
        Needed -= whole;
        return null;
    }

    private long? TruncatedLength()
    {
        try
        {
            var length = Copy.CurrentLength();
            return length < File.Length ? length : null;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Reads the first bytes of it now.</summary>
    /// <returns>Bytes read, or an error number below zero.</returns>
    public int Read(int length) => PlatformFile.Read(Copy.Handle(0), Target.Slice(0, length), Offset);

    internal void Clear()
    {
        Job = null!;
        File = null!;
        Copy = null!;
    }
}
