using System.Diagnostics;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Experts.Eviction;
using Crescent.Engine.Weights;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>
/// The experts of a model that is larger than memory: slots that hold some of each layer's, filled from the drive past the system's cache. Layers ask for what a step
/// needs; what is missing is read while the rest is computed. The generator's thread owns it.
/// </summary>
public sealed class ExpertStore : IDisposable
{
    private readonly ExpertStoreOptions _options;
    private readonly IReadOnlyList<MappedFile> _mappings;
    private readonly DriveFile[] _files; // in the order of the mappings
    private readonly DriveReader _reader;
    private readonly List<ExpertLayer> _layers = [];
    private long _step;
    private long _used;
    private long _hits;
    private long _aheadRead;
    private long _aheadUsed;
    private long _waitedTicks;
    private readonly AheadSwitch _ahead = new();
    private bool _lockRefused;

    /// <exception cref="CheckpointException">A file, or a copy of it, cannot be opened.</exception>
    public ExpertStore(Checkpoint checkpoint, ExpertStoreOptions options)
    {
        _options = options;
        Budget = new MemoryBudget(options.Memory);
        _mappings = checkpoint.Mappings;
        _files = ExpertFiles.Open(_mappings, options.Also);
        _reader = options.CreateReader(options.Drive);
    }

    public MemoryBudget Budget { get; }

    /// <summary>Layers with experts.</summary>
    public int Layers => _layers.Count;

    /// <summary>Bytes of all experts on the drive.</summary>
    public long ExpertBytes { get; private set; }

    /// <summary>Bytes of one slot for each layer: with less nothing runs.</summary>
    public long LeastSlotBytes => _layers.Sum(layer => layer.SlotBytes);

    /// <summary>Slots in all layers: those that exist, and those that memory allows.</summary>
    public (int Made, int Allowed) Slots => (_layers.Sum(layer => layer.SlotCount), _layers.Sum(layer => layer.Quota));

    /// <summary>Experts in all layers.</summary>
    public int Experts => _layers.Sum(layer => layer.Experts);

    /// <summary>Why some files are read through the system's cache; null where none is.</summary>
    public string? BufferedReason => _files.FirstOrDefault(file => file.BufferedReason is not null)?.BufferedReason;

    /// <summary>Whether the system refused to lock slots in memory: it may then swap them out.</summary>
    public bool LockRefused => _lockRefused;

    public ExpertCounts Counts => new(_used, _hits, _reader.BytesRead, _aheadRead, _aheadUsed, Stopwatch.GetElapsedTime(0, _waitedTicks), _reader.BusyTime);

    /// <summary>Whether to read ahead: the drive has time for it, and guesses have been good.</summary>
    internal bool MayReadAhead => _options.ReadsAhead && _ahead.IsOn;

    /// <summary>Adds a layer's experts.</summary>
    /// <param name="gate">[experts], mapped matrices of the checkpoint.</param>
    internal ExpertLayer AddLayer(WeightMatrix[] gate, WeightMatrix[] up, WeightMatrix[] down)
    {
        var mapped = gate.Select((matrix, e) => (matrix, up[e], down[e])).ToArray();
        var extents = Array.ConvertAll(mapped, expert => ExpertExtents.Of(Locate, expert.matrix, expert.Item2, expert.Item3));
        var number = _layers.Count;
        ExpertLayer layer = _options.Policy switch
        {
            EvictionPolicyKind.Lru => new ExpertLayer<LeastRecentlyUsed>(number, mapped, extents),
            EvictionPolicyKind.Lfu => new ExpertLayer<DecayingFrequency>(number, mapped, extents),
            EvictionPolicyKind.S3Fifo => new ExpertLayer<TwoQueues>(number, mapped, extents),
            _ => new ExpertLayer<GateWeightedRecency>(number, mapped, extents),
        };
        _layers.Add(layer);
        ExpertBytes += extents.Sum(item => item.ReadBytes);
        return layer;
    }

    /// <summary>Between steps: takes note of the memory in use, and gives every layer the slots that fit.</summary>
    /// <param name="residentBytes">The process's resident set.</param>
    /// <param name="expectedBytes">What the coming step will touch for the first time.</param>
    public void BeginStep(long residentBytes, long expectedBytes)
    {
        _step++;
        TakeCompleted();
        _ahead.BeginStep(Counts);
        Budget.Observe(residentBytes);
        Budget.Expect(expectedBytes);
        ShareSlots();
    }

    /// <summary>Makes room for pages of the cache, at the cost of slots; false where there is none.</summary>
    public bool TryClaimPages(long bytes)
    {
        if (bytes > 0 && Budget.ForSlots - bytes < LeastSlotBytes)
        {
            return false;
        }

        Budget.ClaimPages(bytes);
        ShareSlots();
        return true;
    }

    /// <summary>Starts to fill a slot of a layer with an expert; null where all its slots are in use.</summary>
    internal ExpertSlot? TryRead(ExpertLayer layer, int expert, ReadPriority priority)
    {
        var made = layer.SlotCount;
        if (layer.Take() is not { } slot)
        {
            return null;
        }

        if (layer.SlotCount > made)
        {
            Budget.ClaimSlots(slot.Bytes);
            _lockRefused = _lockRefused || !slot.TryLock();
        }

        slot.Prepare(expert, _files, priority);
        layer.Assign(slot, expert, _step);
        _reader.Submit(slot.Job);
        if (priority == ReadPriority.Ahead)
        {
            _aheadRead++;
        }

        return slot;
    }

    /// <summary>Counts a use, and hurries a read that was begun ahead of need.</summary>
    /// <param name="hit">Whether the expert was in memory or on its way.</param>
    internal void Use(ExpertSlot slot, float gateShare, bool hit)
    {
        _used++;
        _hits += hit ? 1 : 0;
        if (slot.IsAhead)
        {
            _aheadUsed++;
            slot.IsAhead = false;
            _reader.Promote(slot.Job);
        }

        slot.Layer.Touch(slot, gateShare, _step);
    }

    /// <summary>Takes a read ahead of need back, unless it has begun.</summary>
    internal void TryCancel(ExpertSlot slot)
    {
        if (_reader.TryCancel(slot.Job))
        {
            _aheadRead--;
            slot.Layer.Forget(slot);
        }
    }

    /// <summary>Takes note of all reads that have completed.</summary>
    internal void TakeCompleted()
    {
        while (_reader.TryTakeCompleted(out var job))
        {
            Complete(job);
        }
    }

    /// <summary>Waits until a read completes, of whatever layer.</summary>
    /// <exception cref="WeightReadException">None completed in time.</exception>
    internal void WaitForOne(ExpertLayer layer)
    {
        var start = Stopwatch.GetTimestamp();
        var job = _reader.WaitCompleted(_options.StallTimeout);
        _waitedTicks += Stopwatch.GetTimestamp() - start;
        if (job is null)
        {
            var extent = layer.Oldest?.Job.Extents[0];
            throw new WeightReadException(
                $"{extent?.File.Path ?? _files[0].Path}: the drive has not answered for {_options.StallTimeout.TotalSeconds:F0} s (expert layer {layer.Number}, at byte {extent?.Offset ?? 0})");
        }

        Complete(job);
        TakeCompleted();
    }

    public void Dispose()
    {
        _reader.Dispose();
        _layers.ForEach(layer => layer.Dispose());
        Array.ForEach(_files, file => file.Dispose());
    }

    private void Complete(ReadJob job)
    {
        var slot = (ExpertSlot)job.Tag!;
        if (job.Error is { } error)
        {
            slot.Fail(error);
            slot.Layer.Forget(slot);
        }
        else
        {
            slot.Complete(_options.Isa);
            slot.Layer.Refresh(slot);
        }
    }

    // Every layer gets the same number of slots, as far as its experts go; what is left over goes to the first layers, a slot each.
    private void ShareSlots()
    {
        var left = Budget.ForSlots;
        var quota = 0;
        var most = _layers.Count == 0 ? 0 : _layers.Max(layer => MostSlots(layer));
        while (quota < most && _layers.Sum(layer => MostSlots(layer) > quota ? layer.SlotBytes : 0) is var round && round <= left)
        {
            left -= round;
            quota++;
        }

        foreach (var layer in _layers)
        {
            layer.Quota = Math.Max(1, Math.Min(quota, MostSlots(layer)));
            if (quota < MostSlots(layer) && layer.SlotBytes <= left)
            {
                layer.Quota++;
                left -= layer.SlotBytes;
            }
        }

        foreach (var layer in _layers)
        {
            Budget.ClaimSlots(-layer.Trim());
        }
    }

    private int MostSlots(ExpertLayer layer) => _options.MostSlots > 0 ? Math.Min(_options.MostSlots, layer.Experts) : layer.Experts;

    private (int File, long Offset, int BlockBytes) Locate(ByteRegion region)
    {
        for (var i = 0; i < _mappings.Count; i++)
        {
            if (_mappings[i].OffsetOf(region) is { } offset)
            {
                return (i, offset, _files[i].BlockBytes);
            }
        }

        throw new CheckpointException("experts that are computed while loading cannot be read from the drive");
    }
}
