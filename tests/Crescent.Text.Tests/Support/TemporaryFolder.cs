using System.Text;
using System.Text.Json;

namespace Crescent.Text.Tests.Support;

/// <summary>A folder of files that a test made, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("crescent-text-").FullName;

    public string Write(string name, byte[] bytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string WriteJson(string name, object value) => Write(name, JsonSerializer.SerializeToUtf8Bytes(value));

    public string Copy(string from, string name) => Write(name, File.ReadAllBytes(from));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
