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
    private static readonly TimeSpan s_cancellationInterval = TimeSpan.FromMilliseconds(50);

    private readonly ExpertStoreOptions _options;
    private readonly ExpertSource _source;
    private readonly ExpertSource? _copies;
    private readonly DriveReader _reader;
    private readonly List<ExpertLayer> _layers = [];
    private long _step;
    private long _used;
    private long _hits;
    private long _copiesUsed;
    private long _aheadRead;
    private long _aheadUsed;
    private long _aheadUsedBytes;
    private long _waitedTicks;
    private readonly AheadSwitch _ahead = new();
    private bool _lockRefused;
    private readonly WarmStart _warmStart;

    /// <exception cref="CheckpointException">A file, or a copy of it, cannot be opened.</exception>
    /// <param name="copies">The same model in smaller types, to stand in for what is missing; null for none.</param>
    public ExpertStore(Checkpoint checkpoint, ExpertStoreOptions options, Checkpoint? copies = null)
    {
        _options = options;
        Budget = new MemoryBudget(options.Memory);
        _source = new ExpertSource(checkpoint, options.Also);
        _copies = copies is null ? null : new ExpertSource(copies, []);
        Drive = DriveChoice.Make(checkpoint, _source.Files, options);
        _reader = options.CreateReader(Drive.Reader);
        _warmStart = new WarmStart(this, _layers, checkpoint, options.UsagePath);
    }

    public MemoryBudget Budget { get; }

    /// <summary>What the drive gave to reads such as this store makes, bytes a second; null where it was not measured.</summary>
    public double? MeasuredBytesPerSecond => Drive.Rate?.BytesPerSecond;

    /// <summary>How the drive is read.</summary>
    internal DriveChoice Drive { get; }

    /// <summary>Layers with experts.</summary>
    public int Layers => _layers.Count;

    /// <summary>Whether copies of low precision may stand in for experts.</summary>
    public bool HasCopies => _copies is not null;

    /// <summary>Bytes of all experts on the drive.</summary>
    public long ExpertBytes { get; private set; }

    /// <summary>Bytes read from the drive so far. Any thread may ask.</summary>
    public long BytesRead => _reader.BytesRead;

    /// <summary>Bytes of one slot for each layer: with less nothing runs.</summary>
    public long LeastSlotBytes => _layers.Sum(layer => layer.SlotBytes);

    /// <summary>Slots in all layers: those that exist, and those that memory allows.</summary>
    public (int Made, int Allowed) Slots => (_layers.Sum(layer => layer.SlotCount), _layers.Sum(layer => layer.Quota));

    /// <summary>Experts in all layers.</summary>
    public int Experts => _layers.Sum(layer => layer.Experts);

    /// <summary>Why some files are read through the system's cache; null where none is.</summary>
    public string? BufferedReason => _source.Files.FirstOrDefault(file => file.BufferedReason is not null)?.BufferedReason;

    /// <summary>Whether the system refused to lock slots in memory: it may then swap them out.</summary>
    public bool LockRefused => _lockRefused;

    public ExpertCounts Counts => new(
        _used, _hits, _reader.BytesRead, _aheadRead, _aheadUsed, _aheadUsedBytes, WastedBytes(), Stopwatch.GetElapsedTime(0, _waitedTicks), _reader.BusyTime)
    {
        CopiesUsed = _copiesUsed,
    };

    /// <summary>Experts that were read because they were resident when the model ran last.</summary>
    internal long WarmUpReads => _warmStart.Reads;

    /// <summary>Whether to read ahead: the drive has time for it, and guesses have been good.</summary>
    internal bool MayReadAhead => _options.ReadsAhead && _ahead.IsOn;

    /// <summary>Adds a layer's experts.</summary>
    /// <param name="matrices">[experts] each, mapped matrices of the checkpoint.</param>
    /// <param name="copies">The same of the copies; null for none.</param>
    /// <exception cref="CheckpointException">A copy is no smaller than the expert.</exception>
    internal ExpertLayer AddLayer((WeightMatrix[] Gate, WeightMatrix[] Up, WeightMatrix[] Down) matrices, (WeightMatrix[] Gate, WeightMatrix[] Up, WeightMatrix[] Down)? copies = null)
    {
        var mapped = _source.Find(matrices.Gate, matrices.Up, matrices.Down);
        var small = copies is { } found ? _copies!.Find(found.Gate, found.Up, found.Down) : null;
        var number = _layers.Count;
        if (small is not null && small[0].Bytes >= mapped[0].Bytes)
        {
            throw new CheckpointException($"{_copies!.Path}: expected copies smaller than the {mapped[0].Bytes} bytes of an expert of expert layer {number}, found {small[0].Bytes}");
        }

        ExpertLayer layer = _options.Policy switch
        {
            EvictionPolicyKind.Lru => new ExpertLayer<LeastRecentlyUsed>(number, mapped, small),
            EvictionPolicyKind.Lfu => new ExpertLayer<DecayingFrequency>(number, mapped, small),
            EvictionPolicyKind.S3Fifo => new ExpertLayer<TwoQueues>(number, mapped, small),
            _ => new ExpertLayer<GateWeightedRecency>(number, mapped, small),
        };
        _layers.Add(layer);
        ExpertBytes += mapped.Sum(item => item.Extents.ReadBytes);
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
        _warmStart.BeginStep(_step);
    }

    /// <summary>Makes room for pages of the cache, at the cost of slots; false where there is none.</summary>
    public bool TryClaimPages(long bytes)
    {
        if (!Budget.TryClaimPages(bytes, LeastSlotBytes))
        {
            return false;
        }

        ShareSlots();
        return true;
    }

    /// <summary>Starts to fill a slot of a layer with an expert; null where all its slots are in use.</summary>
    /// <param name="asCopy">Whether its copy is read in its place.</param>
    internal ExpertSlot? TryRead(ExpertLayer layer, int expert, ReadPriority priority, bool asCopy = false)
    {
        var made = layer.SlotCount;
        if (layer.Take() is not { } slot)
        {
            return null;
        }

        if (layer.SlotCount > made)
        {
            Claim(slot);
        }

        slot.Prepare(expert, asCopy, priority);
        layer.Assign(slot, expert, _step);
        _reader.Submit(slot.Job);
        return slot;
    }

    /// <summary>Starts to fill a slot with an expert that may be needed soon; null where all slots are in use.</summary>
    internal ExpertSlot? TryReadAhead(ExpertLayer layer, int expert)
    {
        var slot = TryRead(layer, expert, ReadPriority.Ahead);
        _aheadRead += slot is null ? 0 : 1;
        return slot;
    }

    /// <summary>Counts a use, and hurries a read that was begun ahead of need.</summary>
    /// <param name="hit">Whether the expert had a slot before the layer asked for it.</param>
    internal void Use(ExpertSlot slot, float gateShare, bool hit)
    {
        _used++;
        _copiesUsed += slot.IsCopy ? 1 : 0;
        _hits += hit && !slot.IsAhead ? 1 : 0; // what was read ahead cost the drive as much
        if (slot.IsAhead)
        {
            _aheadUsed++;
            _aheadUsedBytes += slot.Job.StartedBytes;
            slot.IsAhead = false;
            _reader.Promote(slot.Job);
        }
        else if (slot.IsWarmUp)
        {
            _reader.Promote(slot.Job);
        }

        slot.Layer.Use(slot, gateShare, _step);
    }

    /// <summary>Takes a read ahead of need back, what of it has not begun.</summary>
    internal void TryCancel(ExpertSlot slot)
    {
        if (_reader.TryCancel(slot.Job))
        {
            _aheadRead--;
            slot.Layer.Forget(slot);
        }
        else if (slot.Job.IsCancelled)
        {
            _aheadRead--;
            slot.Layer.Disown(slot);
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
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    internal void WaitForOne(ExpertLayer layer, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        ReadJob? job = null;
        for (var left = _options.StallTimeout; job is null && left > TimeSpan.Zero; left = _options.StallTimeout - Stopwatch.GetElapsedTime(start))
        {
            cancellation.ThrowIfCancellationRequested();
            job = _reader.WaitCompleted(left < s_cancellationInterval ? left : s_cancellationInterval);
        }

        _waitedTicks += Stopwatch.GetTimestamp() - start;
        Complete(job ?? throw Stalled(layer));
        TakeCompleted();
    }

    public void Dispose()
    {
        if (_used > 0)
        {
            _warmStart.Save(_step);
        }

        _reader.Dispose();
        _layers.ForEach(layer => layer.Dispose());
        _source.Dispose();
        _copies?.Dispose();
    }

    private void Complete(ReadJob job)
    {
        var slot = (ExpertSlot)job.Tag!;
        if (slot.Expert < 0)
        {
            slot.Layer.Forget(slot);
        }
        else if (job.Error is { } error)
        {
            slot.Fail(error);
            slot.Layer.Forget(slot);
        }
        else if (slot.WrongHash() is not { } found)
        {
            slot.Complete(_options.Isa);
            slot.Layer.Refresh(slot);
        }
        else if (!slot.IsSecondReading)
        {
            slot.IsSecondReading = true; // the drive may have erred once, or another copy may be whole
            _reader.Submit(job);
            return;
        }
        else
        {
            slot.FailHash(found);
            slot.Layer.Forget(slot);
        }

        _warmStart.End(slot, _step);
    }

    private WeightReadException Stalled(ExpertLayer layer)
    {
        var slot = layer.Oldest ?? _layers.Select(other => other.Oldest).OfType<ExpertSlot>().MinBy(other => other.Job.SubmittedTimestamp);
        var place = slot is null ? "nothing is being read" : $"expert {slot.Expert} of expert layer {slot.Layer.Number}, at byte {slot.Job.Extents[0].Offset}";
        return new WeightReadException($"{slot?.Job.Extents[0].File.Path ?? _source.Files[0].Path}: the drive has not answered for {_options.StallTimeout.TotalSeconds:0.#} s ({place})");
    }

    private void ShareSlots()
    {
        SlotShares.Deal(_layers, Budget.ForSlots, _options.MostSlots);
        foreach (var layer in _layers)
        {
            Budget.ClaimSlots(-layer.Trim());
        }
    }

    private long WastedBytes()
    {
        var bytes = 0L;
        foreach (var layer in _layers)
        {
            bytes += layer.WastedBytes;
        }

        return bytes;
    }

    private void Claim(ExpertSlot slot)
    {
        Budget.ClaimSlots(slot.Bytes);
        _lockRefused = _lockRefused || !slot.TryLock();
    }
}
