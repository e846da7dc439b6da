using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints;

/// <summary>Maps a checkpoint's file, and says what is wrong with the path where that fails.</summary>
internal static class FileMapping
{
    /// <param name="expected">What the path should be, for messages: <c>a GGUF file</c>.</param>
    /// <param name="insteadOfFolder">What to do where the path is a folder.</param>
    /// <exception cref="CheckpointException">There is no such file, or it cannot be read.</exception>
    public static MappedFile Open(string path, string expected, string insteadOfFolder)
    {
        if (Directory.Exists(path))
        {
            throw new CheckpointException($"{path}: expected {expected}, found a folder; {insteadOfFolder}");
        }

        if (!File.Exists(path))
        {
            throw new CheckpointException($"{path}: no such file");
        }

        try
        {
            return MappedFile.Open(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The files of a folder whose names match, in the order of their names.</summary>
    /// <exception cref="CheckpointException">The folder cannot be read.</exception>
    public static string[] List(string folder, string pattern)
    {
        try
        {
            return [.. Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{folder}: cannot be read: {exception.Message}", exception);
        }
    }
}
