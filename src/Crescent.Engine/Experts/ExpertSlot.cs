using Crescent.Engine.Weights;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Storage;
using Crescent.Kernels;

namespace Crescent.Engine.Experts;

/// <summary>Memory for one expert of a layer.</summary>
internal sealed class ExpertSlot : IDisposable
{
    private readonly PinnedMemory _memory;
    private readonly ReadJob _job;

    public ExpertSlot(ExpertLayer layer, int index, long bytes)
    {
        Layer = layer;
        Index = index;
        _memory = new PinnedMemory(bytes);
        _job = new ReadJob { Tag = this, Memory = _memory };
    }

    public ExpertLayer Layer { get; }

    /// <summary>Number among the layer's slots.</summary>
    public int Index { get; }

    public long Bytes => _memory.Length;

    /// <summary>What it holds or will hold; −1 for nothing.</summary>
    public int Expert { get; private set; } = -1;

    /// <summary>Whether a read into it is queued or under way.</summary>
    public bool IsReading { get; private set; }

    /// <summary>Whether all bytes of <see cref="Expert"/> are there.</summary>
    public bool IsReady => Expert >= 0 && !IsReading;

    /// <summary>Whether it was filled ahead of need and has not been used since.</summary>
    public bool IsAhead { get; set; }

    /// <summary>Whether a step needs it: it must not give way.</summary>
    public bool IsPinned { get; set; }

    /// <summary>Why the last read into it failed; null where it did not.</summary>
    public WeightReadException? Error { get; private set; }

    public ReadJob Job => _job;

    public WeightMatrix Gate { get; private set; } = null!;

    public WeightMatrix Up { get; private set; } = null!;

    public WeightMatrix Down { get; private set; } = null!;

    /// <summary>Locks the memory; false where the system refuses.</summary>
    public bool TryLock() => _memory.TryLock();

    /// <summary>Makes it ready to be filled with an expert by <see cref="Job"/>.</summary>
    public void Prepare(int expert, IReadOnlyList<DriveFile> files, ReadPriority priority)
    {
        _job.Prepare(Layer.Extents(expert).Reads(files, _memory.Bytes), priority);
        (Expert, IsReading, IsAhead, Error) = (expert, true, priority == ReadPriority.Ahead, null);
    }

    /// <summary>The bytes have come.</summary>
    /// <param name="isa">Level of the matrices' products.</param>
    public void Complete(IsaLevel isa)
    {
        IsReading = false;
        var (extents, slot) = (Layer.Extents(Expert), _memory.Bytes);
        var (gate, up, down) = Layer.Mapped(Expert);
        Gate = gate.CopyAt(region => extents.In(slot, region), isa);
        Up = up.CopyAt(region => extents.In(slot, region), isa);
        Down = down.CopyAt(region => extents.In(slot, region), isa);
    }

    /// <summary>The read failed.</summary>
    public void Fail(DriveReadException error) =>
        Error = new WeightReadException($"{error.Message}: expert {Expert} of expert layer {Layer.Number} could not be read", error);

    /// <summary>It holds nothing any more.</summary>
    public void Empty() => (Expert, IsReading, IsAhead) = (-1, false, false);

    public void Dispose() => _memory.Dispose();
}
