using System.IO.Compression;
using System.Text;

namespace Crescent.Training.Data;

/// <summary>A corpus on disk, compressed by Brotli (<c>NAME.br</c>) or plain.</summary>
public static class CorpusFile
{
    /// <exception cref="FileNotFoundException">Neither form is there.</exception>
    public static Stream Open(string folder, string name)
    {
        var (plain, compressed) = (Path.Combine(folder, name), Path.Combine(folder, name + ".br"));
        return File.Exists(plain) ? File.OpenRead(plain)
            : File.Exists(compressed) ? new BrotliStream(File.OpenRead(compressed), CompressionMode.Decompress)
            : throw new FileNotFoundException($"{folder}: expected {name} or {name}.br, found neither", compressed);
    }

    /// <exception cref="InvalidDataException">The file is no Brotli.</exception>
    public static string ReadText(string folder, string name)
    {
        using var reader = Reader(folder, name);
        return Checked(folder, name, reader.ReadToEnd)!;
    }

    public static IEnumerable<string> ReadLines(string folder, string name)
    {
        using var reader = Reader(folder, name);
        while (Checked(folder, name, reader.ReadLine) is { } line)
        {
            yield return line;
        }
    }

    private static StreamReader Reader(string folder, string name) => new(Open(folder, name), Encoding.UTF8);

    private static string? Checked(string folder, string name, Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidDataException($"{Path.Combine(folder, name)}.br: expected Brotli: {exception.Message}", exception);
        }
    }
}
