namespace Crescent.Cli;

/// <summary>Files that the user names as output.</summary>
internal static class OutputFile
{
    /// <exception cref="CommandFailedException">The file cannot be written.</exception>
    public static FileStream Create(string option, string path)
    {
        try
        {
            return new FileStream(path, FileMode.Create, FileAccess.Write);
        }
        catch (DirectoryNotFoundException)
        {
            throw new CommandFailedException($"{option}: no folder {Path.GetDirectoryName(path)} to write {path} to");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException(
                Directory.Exists(path)
                    ? $"{option}: expected a file to write, found a folder: {path}"
                    : $"{option}: {path} cannot be written: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    /// <summary>Makes sure, before long work, that a file can be written in the end.</summary>
    /// <exception cref="CommandFailedException">The file cannot be written.</exception>
    public static void RequireWritable(string option, string path)
    {
        if (Directory.Exists(path))
        {
            throw new CommandFailedException($"{option}: expected a file to write, found a folder: {path}");
        }

        var partial = path + ".partial";
        Create(option, partial).Dispose();
        File.Delete(partial);
    }
}
