using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>A checkpoint's files, opened for reads past the system's cache, with their copies in other folders. Owns them.</summary>
internal sealed class ExpertFiles : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly IReadOnlyList<MappedFile> _mappings;

    /// <param name="also">Folders that hold copies under the same names, or copies of a checkpoint of one file.</param>
    /// <exception cref="CheckpointException">A file or a copy cannot be opened, or a folder holds none of them.</exception>
    public ExpertFiles(Checkpoint checkpoint, IReadOnlyList<string> also)
    {
        (_checkpoint, _mappings) = (checkpoint, checkpoint.Mappings);
        All = Open(_mappings, also);
    }

    /// <summary>In the order of the checkpoint's mappings.</summary>
    public DriveFile[] All { get; }

    /// <summary>Why some are read through the system's cache; null where none is.</summary>
    public string? BufferedReason => All.FirstOrDefault(file => file.BufferedReason is not null)?.BufferedReason;

    /// <summary>Where bytes of the mapped checkpoint lie.</summary>
    /// <exception cref="CheckpointException">They are in no file.</exception>
    public ExpertPlacement Locate(ByteRegion region)
    {
        for (var i = 0; i < _mappings.Count; i++)
        {
            if (_mappings[i].OffsetOf(region) is { } offset)
            {
                return new ExpertPlacement(i, offset, All[i].BlockBytes, _checkpoint.RecordAt(_mappings[i], offset));
            }
        }

        throw new CheckpointException("experts that are computed while loading cannot be read from the drive");
    }

    public void Dispose() => Array.ForEach(All, file => file.Dispose());

    private static DriveFile[] Open(IReadOnlyList<MappedFile> mappings, IReadOnlyList<string> also)
    {
        foreach (var place in also)
        {
            if (!mappings.Any(mapping => CopyIn(place, mapping, mappings.Count) is not null))
            {
                throw new CheckpointException($"{place}: expected copies of the model's files, such as {Path.GetFileName(mappings[0].Path)}, found none");
            }
        }

        var files = new List<DriveFile>();
        try
        {
            foreach (var mapping in mappings)
            {
                files.Add(DriveFile.Open(mapping.Path, [.. also.Select(place => CopyIn(place, mapping, mappings.Count)).OfType<string>()]));
            }

            return [.. files];
        }
        catch (Exception exception)
        {
            files.ForEach(file => file.Dispose());
            throw exception is IOException or UnauthorizedAccessException ? new CheckpointException(exception.Message, exception) : exception;
        }
    }

    private static string? CopyIn(string place, MappedFile mapping, int files)
    {
        var copy = File.Exists(place) && files == 1 ? place : Path.Combine(place, Path.GetFileName(mapping.Path));
        return File.Exists(copy) ? copy : null;
    }
}
