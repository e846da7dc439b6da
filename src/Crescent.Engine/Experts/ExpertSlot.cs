using Crescent.Engine.Checkpoints.Records;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>Memory for one expert of a layer.</summary>
internal sealed class ExpertSlot : IDisposable
{
    private readonly PinnedMemory _memory;
    private readonly ReadJob _job;
    private readonly ReadExtent[] _reads;
    private StoredExpert? _stored; // what it holds or will hold
    private StoredExpert? _madeFor; // what the matrices were made for

    public ExpertSlot(ExpertLayer layer, int index, long bytes)
    {
        Layer = layer;
        Index = index;
        _memory = new PinnedMemory(bytes);
        _job = new ReadJob { Tag = this, Memory = _memory };
        _reads = new ReadExtent[layer.MostExtents];
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

    /// <summary>Whether it is being read because it was resident when the model ran last.</summary>
    public bool IsWarmUp { get; set; }

    /// <summary>Whether its record was read again because the first reading was not what the file's hash says.</summary>
    public bool IsSecondReading { get; set; }

    /// <summary>Whether it holds, or will hold, a copy of low precision.</summary>
    public bool IsCopy { get; private set; }

    /// <summary>Whether its memory is being made: it must not be touched.</summary>
    public bool IsBeingMade { get; set; }

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

    /// <summary>Makes a part of the memory take physical pages.</summary>
    public void Populate(long offset, long bytes) => _memory.Populate(offset, bytes);

    /// <summary>Makes it ready to be filled with an expert by <see cref="Job"/>.</summary>
    public void Prepare(int expert, bool asCopy, ReadPriority priority)
    {
        _stored = Layer.Stored(expert, asCopy);
        _job.Prepare(_stored.Extents.Reads(_stored.Files, _memory.Bytes, _reads), priority);
        IsCopy = asCopy;
        (Expert, IsReading, IsAhead, IsWarmUp, IsSecondReading, Error) = (expert, true, priority == ReadPriority.Ahead, false, false, null);
    }

    /// <summary>The hash that the bytes have, where the file states another; null where they are what it states, or it states none. To be asked once the bytes have come.</summary>
    public ulong? WrongHash()
    {
        var extents = _stored!.Extents;
        if (extents.IsVerified || extents.Record is not { } record)
        {
            return null;
        }

        var found = RecordFormat.Hash(_memory.Bytes.Slice(0, record.Length));
        extents.IsVerified = found == record.Hash;
        return extents.IsVerified ? null : found;
    }

    /// <summary>The bytes have come.</summary>
    /// <param name="isa">Level of the matrices' products.</param>
    public void Complete(IsaLevel isa)
    {
        IsReading = false;
        if (_madeFor?.HasLayoutOf(_stored!) != true) // else the matrices read the same places
        {
            MakeMatrices(_stored!, _memory.Bytes, isa);
            _madeFor = _stored;
        }
    }

    private void MakeMatrices(StoredExpert stored, ByteRegion slot, IsaLevel isa)
    {
        Gate = stored.Gate.CopyAt(region => stored.Extents.In(slot, region), isa);
        Up = stored.Up.CopyAt(region => stored.Extents.In(slot, region), isa);
        Down = stored.Down.CopyAt(region => stored.Extents.In(slot, region), isa);
    }

    /// <summary>The read failed.</summary>
    public void Fail(DriveReadException error) =>
        Error = new WeightReadException($"{error.Message}: expert {Expert} of expert layer {Layer.Number} could not be read", error);

    /// <summary>The bytes are not those of the record.</summary>
    public void FailHash(ulong found)
    {
        var record = _stored!.Extents.Record!.Value;
        Error = new WeightReadException(
            $"{_job.Extents[0].File.Path}: offset {record.Offset}: expert {Expert} of expert layer {Layer.Number}: expected hash {record.Hash:x16}, found {found:x16}: the record is damaged");
    }

    /// <summary>Nobody wants what is being read into it.</summary>
    public void Disown() => Expert = -1;

    /// <summary>It holds nothing any more.</summary>
    public void Empty() => (Expert, IsReading, IsAhead, IsWarmUp, IsCopy) = (-1, false, false, false, false);

    public void Dispose() => _memory.Dispose();
}
