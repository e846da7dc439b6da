namespace Crescent.Kernels.Processors;

/// <summary>The text files by which Linux describes a machine, below a root that tests choose.</summary>
internal sealed class SystemFiles(string root)
{
    /// <summary>A file's text without surrounding white space; null where it is absent or may not be read.</summary>
    /// <param name="path">Absolute, as on the machine described.</param>
    public string? Read(string path)
    {
        try
        {
            var file = Path.Join(root, path);
            return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The value of a "name: value" line; null where there is none.</summary>
    public string? ReadField(string path, string name) =>
        Lines(path).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Trim();

    public string[] Lines(string path) => Read(path)?.Split('\n') ?? [];
}
