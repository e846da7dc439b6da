using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Nano;

/// <summary>A model's files and tools among an assembly's resources.</summary>
internal sealed class PackedModel
{
    private const string FilePrefix = "model/";
    private const string HashList = "hashes.txt";
    private const string ToolList = "tools.json";
    private const int HashLetters = 16;

    private PackedModel(IReadOnlyList<PackedFile> files, string hash, IReadOnlyList<ToolDefinition> tools) => (Files, Hash, Tools) = (files, hash, tools);

    public IReadOnlyList<PackedFile> Files { get; }

    /// <summary>Names the content of all files.</summary>
    public string Hash { get; }

    /// <summary>Tools that the model was made for; none where the assembly names none.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; }

    /// <summary>The model of an assembly; null where it holds none.</summary>
    public static PackedModel? Find(Assembly assembly)
    {
        var names = assembly.GetManifestResourceNames();
        var files = names.Where(name => name.StartsWith(FilePrefix, StringComparison.Ordinal)).Select(name => File(assembly, name)).ToArray();
        return names.Contains(HashList) && files.Any(file => file.Name == "config.json")
            ? new PackedModel(files, HashOf(Read(assembly, HashList)), names.Contains(ToolList) ? ToolsOf(Read(assembly, ToolList)) : [])
            : null;
    }

    private static PackedFile File(Assembly assembly, string resource)
    {
        using var stream = Open(assembly, resource);
        return new PackedFile(resource[FilePrefix.Length..], stream.Length, () => Open(assembly, resource));
    }

    // The lines come in the order of the file system that the build ran on.
    private static string HashOf(byte[] list)
    {
        var lines = Encoding.UTF8.GetString(list).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))))[..HashLetters];
    }

    // Kept open: the tools go on being read from it.
    private static IReadOnlyList<ToolDefinition> ToolsOf(byte[] json) => [.. JsonDocument.Parse(json).RootElement.EnumerateArray().Select(tool => new ToolDefinition(tool))];

    private static byte[] Read(Assembly assembly, string resource)
    {
        using var stream = Open(assembly, resource);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static Stream Open(Assembly assembly, string resource) => assembly.GetManifestResourceStream(resource)!;
}
