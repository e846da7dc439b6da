using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache;

/// <summary>
/// What the recurrent layers keep of one sequence: the state after its last computed token, and a copy of the state at some page boundary before it.
/// Held by its <see cref="SequencePages"/>.
/// </summary>
public sealed class SequenceState
{
    internal SequenceState(AlignedBuffer<float> values) => Values = values;

    /// <summary>The state after the tokens computed so far, by <see cref="KvCacheLayout.StateOffsets"/>; zeros before the first.</summary>
    public AlignedBuffer<float> Values { get; }

    /// <summary>The copy; null for none.</summary>
    public AlignedBuffer<float>? Saved { get; internal set; }

    /// <summary>Length of the sequence at which the coming step makes the copy; 0 for never.</summary>
    public int SaveAt { get; internal set; }

    /// <summary>Length that the copy belongs to, whole pages; 0 for none.</summary>
    internal int SavedLength { get; set; }

    /// <summary>Whether the copy is one that others may begin with: at the end of the prompt, or of a prefix that is stored.</summary>
    internal bool SavedIsPrompt { get; set; }
}
