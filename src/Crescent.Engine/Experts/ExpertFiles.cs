using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>
/// Opens a checkpoint's files for reads past the system's cache, with their copies in other folders. A file that is itself in one of these (of a model striped over drives) is no copy.
/// </summary>
internal static class ExpertFiles
{
    /// <param name="also">Folders that hold files or copies of them under the same names, or copies of a checkpoint of one file.</param>
    /// <exception cref="CheckpointException">A file or a copy cannot be opened, or a folder holds none of them.</exception>
    public static DriveFile[] Open(IReadOnlyList<MappedFile> mappings, IReadOnlyList<string> also)
    {
        foreach (var place in also)
        {
            if (!mappings.Any(mapping => IsIn(place, mapping) || CopyIn(place, mapping, mappings.Count) is not null))
            {
                throw new CheckpointException($"{place}: expected files of the model or copies of them, such as {Path.GetFileName(mappings[0].Path)}, found none");
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
        return File.Exists(copy) && !IsIn(place, mapping) ? copy : null;
    }

    private static bool IsIn(string place, MappedFile mapping) =>
        Path.GetFullPath(Path.Combine(place, Path.GetFileName(mapping.Path))) == Path.GetFullPath(mapping.Path);
}
