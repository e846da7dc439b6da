using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>A new folder of a model: its small files first, then its weights; after a failure it is gone.</summary>
internal static class ModelFolder
{
    private const string Partial = ".partial"; // what a killed process leaves behind

    /// <param name="files">Names and contents of the small files.</param>
    /// <param name="weightBytes">Bytes that <paramref name="write"/> will write.</param>
    /// <exception cref="IOException">The drive has too little room, the folder holds files, or one cannot be written.</exception>
    public static SynthResult Write(
        SynthRequest request, string path, IReadOnlyList<(string Name, byte[] Bytes)> files, long weightBytes, Func<string, long> freeBytes, Func<IReadOnlyList<string>> write)
    {
        path = Path.TrimEndingDirectorySeparator(path);
        PartialFiles.RequireRoom(path, weightBytes + files.Sum(file => (long)file.Bytes.Length), freeBytes);
        RequireEmpty(path);
        var isNew = !Directory.Exists(path);
        Directory.CreateDirectory(path);
        string[] small = [.. files.Select(file => Path.Combine(path, file.Name))];
        try
        {
            PartialFiles.Write(Path.Combine(path, files[0].Name), small, 0, freeBytes, (file, i) => file.Write(files[i].Bytes));
            var weights = write();
            return new SynthResult(request.Type, weights, small.Concat(weights).Sum(file => new FileInfo(file).Length), []);
        }
        catch
        {
            Array.ForEach(small, File.Delete);
            foreach (var folder in isNew ? [path] : Directory.GetDirectories(path, $"*{Partial}"))
            {
                Directory.Delete(folder, recursive: true);
            }

            throw;
        }
    }

    private static void RequireEmpty(string path)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path}: expected a new or empty folder, found a file");
        }

        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).FirstOrDefault(entry => !entry.EndsWith(Partial, StringComparison.Ordinal)) is { } first)
        {
            throw new IOException($"{path}: expected a new or empty folder, found {Path.GetFileName(first)} in it; empty it or choose another");
        }
    }
}
