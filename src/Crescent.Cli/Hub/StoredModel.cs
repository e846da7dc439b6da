using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Cli.Hub;

/// <summary>A file of the store: its digest was verified when it was written.</summary>
internal sealed record StoredFile(string Path, long Bytes, string Digest, string Commit);

/// <summary>What the store knows of a model: written file by file while it is pulled, complete only at the end.</summary>
internal sealed record StoredModel(string Name, string Revision, string Commit, DateTimeOffset Pulled, bool Complete, IReadOnlyList<StoredFile> Files)
{
    /// <summary>The file in the model's folder; no published file begins with a dot.</summary>
    public const string FileName = ".crescent.json";

    private const int MostBytes = 64 << 20;

    /// <summary>The description in a model's folder; null where there is none that can be read.</summary>
    public static StoredModel? TryRead(string folder)
    {
        var path = System.IO.Path.Combine(folder, FileName);
        try
        {
            if (!File.Exists(path) || new FileInfo(path).Length > MostBytes)
            {
                return null;
            }

            var model = JsonSerializer.Deserialize(File.ReadAllBytes(path), StoredModelJson.Default.StoredModel);
            return model is { Files: not null, Name: not null, Commit: not null }
                && model.Files.All(file => file is { Path: not null, Digest: not null } && SafePath.Objection(file.Path) is null && Hub.Digest.TryParse(file.Digest) is not null)
                    ? model
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the description in one step: a crash leaves the old one or the new one.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = System.IO.Path.Combine(folder, FileName);
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, this, StoredModelJson.Default.StoredModel);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    public StoredModel With(StoredFile file) => this with { Files = [.. Files.Where(other => other.Path != file.Path), file] };

    public StoredModel Without(string path) => this with { Files = [.. Files.Where(other => other.Path != path)] };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StoredModel))]
internal sealed partial class StoredModelJson : JsonSerializerContext;
