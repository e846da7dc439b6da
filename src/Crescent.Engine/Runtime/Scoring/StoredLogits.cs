using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Runtime.Scoring;

/// <summary>Logits in a file, of any of the kinds that can be compared with.</summary>
public static class StoredLogits
{
    /// <summary>Opens stored logits of a text; null where the file holds none, and so may be a model.</summary>
    /// <exception cref="CheckpointException">They are damaged, or of another vocabulary, text or cut.</exception>
    public static IBaseLogits? TryOpen(string path, ScoringPlan plan, int vocab)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var (start, length) = Peek(path);
        return start.AsSpan().SequenceEqual(LogitsFile.Magic) ? LogitsFile.Open(path, plan, vocab)
            : start.AsSpan().SequenceEqual(LlamaLogitsFile.Magic) ? LlamaLogitsFile.Open(path, plan, vocab)
            : length == (Int128)plan.Tokens.Length * vocab * sizeof(float) && !start.AsSpan().StartsWith("GGUF"u8) ? new RawLogitsFile(File.OpenRead(path), vocab)
            : null;
    }

    internal static void Require(string path, string what, long expected, ulong found)
    {
        if ((ulong)expected != found)
        {
            throw new CheckpointException($"{path}: {what}: expected {expected}, found {found}");
        }
    }

    private static (byte[] Start, long Length) Peek(string path)
    {
        var start = new byte[8];
        using var stream = File.OpenRead(path);
        stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return (start, stream.Length);
    }
}
