using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Checkpoints.GrokPickle;
using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Engine.Checkpoints.Records;

namespace Crescent.Engine.Checkpoints;

/// <summary>Tells the published formats apart by what a path holds.</summary>
internal static class CheckpointKind
{
    /// <exception cref="CheckpointException">There is nothing at the path, or nothing that this engine reads.</exception>
    public static Checkpoint Open(string path, FilePlaces places)
    {
        if (Directory.Exists(path))
        {
            return OpenFolder(path, places);
        }

        return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) || System.IO.Path.GetFileName(path) == "model.safetensors.index.json"
            ? HfCheckpoint.Open(path, places)
            : GgufCheckpoint.Open(path, places);
    }

    private static Checkpoint OpenFolder(string path, FilePlaces places)
    {
        if (File.Exists(System.IO.Path.Combine(path, "config.json")))
        {
            return HfCheckpoint.Open(path, places);
        }

        if (GrokFolder.Exists(path))
        {
            return GrokCheckpoint.Open(path);
        }

        if (RecordCheckpoint.Exists(path, places))
        {
            return RecordCheckpoint.Open(path, places);
        }

        // One model in GGUF: a file alone, or the first of its shards.
        var files = Array.FindAll(FileMapping.List(path, "*.gguf"), IsWholeOrFirst);
        return files.Length switch
        {
            1 => GgufCheckpoint.Open(files[0], places),
            0 => throw new CheckpointException($"{path}: expected config.json with safetensors, Grok-1's ckpt-0 (or its tensor files), expert records beside a backbone.gguf, or a GGUF file, found none of them"),
            _ => throw new CheckpointException($"{path}: expected one model, found {files.Length} GGUF files ({string.Join(", ", files.Take(3).Select(file => FileText.Escape(System.IO.Path.GetFileName(file))))}{(files.Length > 3 ? ", …" : "")}); name one"),
        };
    }

    private static bool IsWholeOrFirst(string file) =>
        !file.Contains("-of-", StringComparison.Ordinal) || file.Contains("-00001-of-", StringComparison.Ordinal);
}
