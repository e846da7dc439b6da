using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels.Memory;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Checkpoints;

/// <summary>
/// A published model, mapped and checked, whatever its format: metadata and tensors under the keys and names that GGUF gives them, so that every
/// architecture is written once. Nothing is copied; metadata and tensors are valid until Dispose.
/// </summary>
public abstract class Checkpoint : IDisposable
{
    /// <summary>What was opened: a file, the first of its shards, or a folder.</summary>
    public abstract string Path { get; }

    /// <summary>All files of weights.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>Bytes of all files of weights.</summary>
    public abstract long TotalBytes { get; }

    /// <summary>The mapped files of weights.</summary>
    internal abstract IReadOnlyList<MappedFile> Mappings { get; }

    public abstract GgufMetadata Metadata { get; }

    public abstract IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>Whether rows of query and key weights are in the order of GGUF's llama files (pairs of a rotation adjacent); other files have the halves apart.</summary>
    public virtual bool HasPermutedLlamaHeads => false;

    /// <summary>The record that holds a byte of one of the <see cref="Mappings"/>; null where the file has no records.</summary>
    internal virtual StoredRecord? RecordAt(MappedFile mapping, long offset) => null;

    /// <summary>The tokenizer that the checkpoint carries.</summary>
    /// <param name="metadata">The checkpoint's metadata, overrides applied.</param>
    /// <exception cref="CheckpointException">There is none, or it is damaged or of an unknown kind.</exception>
    public abstract Tokenizer ReadTokenizer(GgufMetadata metadata);

    /// <summary>Reads the files ahead in the background, so that no product waits for a page fault. Only sensible where they fit in memory.</summary>
    public abstract void PopulateInBackground();

    /// <summary>Waits for <see cref="PopulateInBackground"/> to end, where it was asked for.</summary>
    public abstract void WaitUntilPopulated();

    /// <summary>Hands the files' pages in this process back to the system; what is read again is found again.</summary>
    public void ReleasePages()
    {
        foreach (var mapping in Mappings)
        {
            mapping.ReleasePages();
        }
    }

    /// <summary>
    /// Opens a GGUF file or the first of its shards; a safetensors file; or a folder: <c>config.json</c> with safetensors, Grok-1's <c>ckpt-0</c> or the
    /// folder that holds it, expert records, or one GGUF model.
    /// </summary>
    /// <exception cref="CheckpointException">A file is missing, damaged, or of a kind this engine does not read.</exception>
    public static Checkpoint Open(string path) => CheckpointKind.Open(path, FilePlaces.None);

    /// <param name="also">Folders where files are looked for that are not beside the first: shards, or files of expert records.</param>
    /// <inheritdoc cref="Open(string)"/>
    public static Checkpoint Open(string path, IReadOnlyList<string> also) => CheckpointKind.Open(path, new FilePlaces(also));

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
