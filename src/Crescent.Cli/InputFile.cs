namespace Crescent.Cli;

/// <summary>Files that the user names as input.</summary>
internal static class InputFile
{
    /// <exception cref="CommandFailedException">There is no such file, or it cannot be read.</exception>
    public static byte[] ReadBytes(string option, string path) => Read(option, path, File.ReadAllBytes);

    /// <inheritdoc cref="ReadBytes"/>
    public static string ReadText(string option, string path) => Read(option, path, File.ReadAllText);

    private static T Read<T>(string option, string path, Func<string, T> read)
    {
        if (Directory.Exists(path))
        {
            throw new CommandFailedException($"{option}: expected a file, found a folder: {path}");
        }

        try
        {
            return read(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandFailedException($"{option}: no such file: {path}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException($"{option}: {path} cannot be read: {CommandLine.FirstLine(exception.Message)}");
        }
    }
}
