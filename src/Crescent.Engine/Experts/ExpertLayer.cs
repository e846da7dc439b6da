using Crescent.Engine.Experts.Eviction;

namespace Crescent.Engine.Experts;

/// <summary>A layer's experts: where they lie on the drive, and the slots that hold some of them. The generator's thread owns it.</summary>
internal abstract class ExpertLayer : IDisposable
{
    private const double HalfLife = 1000; // steps: what is worth keeping for the next start

    private readonly StoredExpert[] _experts; // [experts]
    private readonly StoredExpert[]? _copies; // [experts]
    private readonly ExpertSlot?[] _slots; // [experts]: never more slots than experts
    private readonly int[] _slotOf; // [experts], −1 where it is not resident
    private readonly bool[] _unavailable; // [slots]: not made, being read, or in use
    private readonly double[] _worth; // [experts], shares of the gates, halved every so many steps, at the step below
    private readonly long[] _worthStep; // [experts]
    private int _beingMade; // slots that count but have no memory yet
    private int _empty; // slots that hold nothing and may be taken

    protected ExpertLayer(int number, StoredExpert[] experts, StoredExpert[]? copies)
    {
        Number = number;
        _experts = experts;
        _copies = copies;
        _slots = new ExpertSlot?[experts.Length];
        _slotOf = new int[experts.Length];
        _slotOf.AsSpan().Fill(-1);
        _unavailable = new bool[experts.Length];
        _unavailable.AsSpan().Fill(true);
        _worth = new double[experts.Length];
        _worthStep = new long[experts.Length];
        StoredExpert[] all = [.. experts, .. copies ?? []];
        SlotBytes = all.Max(item => item.Extents.SlotBytes);
        MostExtents = all.Max(item => item.Extents.Extents.Count);
    }

    /// <summary>Number among the layers with experts.</summary>
    public int Number { get; }

    public int Experts => _experts.Length;

    /// <summary>Bytes of a slot.</summary>
    public long SlotBytes { get; }

    /// <summary>Most extents of an expert.</summary>
    public int MostExtents { get; }

    /// <summary>Slots that exist.</summary>
    public int SlotCount { get; private set; }

    /// <summary>Slots that may exist.</summary>
    public int Quota { get; set; }

    /// <summary>Whether there are copies of lower precision.</summary>
    public bool HasCopies => _copies is not null;

    /// <summary>Slots that are made as they are needed; the others are made ahead of need, see <see cref="BeginSlot"/>.</summary>
    public int MostMadeAtOnce { get; set; }

    /// <summary>Whether a slot is to be made ahead of need.</summary>
    public bool WantsSlots => SlotCount < Quota && SlotCount >= MostMadeAtOnce;

    /// <summary>Whether an expert can be read without another giving way.</summary>
    public bool HasRoom => _empty > 0 || MayMake;

    /// <summary>Whether that will come, or is so already.</summary>
    public bool WillHaveRoom => HasRoom || _beingMade > 0 || SlotCount < Quota;

    /// <summary>Bytes that were read ahead of need, of experts that nobody then needed.</summary>
    public long WastedBytes { get; private set; }

    private bool MayMake => SlotCount < Math.Min(Quota, MostMadeAtOnce);

    /// <summary>Where an expert lies on the drive, or its copy.</summary>
    public StoredExpert Stored(int expert, bool asCopy) => asCopy ? _copies![expert] : _experts[expert];

    /// <summary>The slot that holds an expert or is being filled with it; null for none.</summary>
    public ExpertSlot? Find(int expert) => _slotOf[expert] < 0 ? null : _slots[_slotOf[expert]];

    /// <summary>Keeps a slot from giving way, or lets it.</summary>
    public void Pin(ExpertSlot slot, bool pinned)
    {
        slot.IsPinned = pinned;
        Refresh(slot);
    }

    /// <summary>Lets all slots give way again.</summary>
    public void UnpinAll()
    {
        foreach (var slot in _slots)
        {
            if (slot is not null)
            {
                Pin(slot, false);
            }
        }
    }

    /// <summary>A read into a slot has begun or ended: only then may it give way.</summary>
    public void Refresh(ExpertSlot slot) => _unavailable[slot.Index] = slot.IsPinned || slot.IsReading || slot.IsBeingMade;

    /// <summary>A slot for another expert: an empty one, a new one as long as the quota allows, else one that gives way; null where all are in use.</summary>
    public ExpertSlot? Take() => _empty == 0 && MayMake ? AddSlot() : TakeExisting();

    /// <summary>A slot whose memory is to be made before it may be taken: <see cref="AddMade"/>.</summary>
    public ExpertSlot BeginSlot()
    {
        var slot = AddSlot();
        slot.IsBeingMade = true;
        _beingMade++;
        return slot;
    }

    /// <summary>A slot's memory has been made.</summary>
    public void AddMade(ExpertSlot slot)
    {
        slot.IsBeingMade = false;
        _beingMade--;
        _empty++;
        Refresh(slot);
    }

    private ExpertSlot AddSlot()
    {
        var index = Array.IndexOf(_slots, null);
        var slot = new ExpertSlot(this, index, SlotBytes);
        _slots[index] = slot;
        SlotCount++;
        return slot;
    }

    // An empty slot, else one that gives way.
    private ExpertSlot? TakeExisting()
    {
        if (_empty > 0 && FindEmpty() is { } empty)
        {
            _empty--;
            return empty;
        }

        if (Victim(_unavailable) is >= 0 and var victim)
        {
            var slot = _slots[victim]!;
            Disown(slot);
            slot.Empty();
            return slot;
        }

        return null;
    }

    private ExpertSlot? FindEmpty()
    {
        foreach (var slot in _slots)
        {
            if (slot is { Expert: < 0 } && !_unavailable[slot.Index])
            {
                return slot;
            }
        }

        return null;
    }

    /// <summary>Tells that a slot is being filled with an expert.</summary>
    public void Assign(ExpertSlot slot, int expert, long step)
    {
        _slotOf[expert] = slot.Index;
        Refresh(slot);
        Filled(slot.Index, expert, step);
    }

    /// <summary>Tells that a slot holds nothing any more and may be taken.</summary>
    public void Forget(ExpertSlot slot)
    {
        Disown(slot);
        slot.Empty();
        _empty++;
        Refresh(slot);
    }

    /// <summary>Tells that nobody wants what is being read into a slot: to be forgotten when the read has ended.</summary>
    public void Disown(ExpertSlot slot)
    {
        if (slot.Expert >= 0)
        {
            _slotOf[slot.Expert] = -1;
            WastedBytes += slot.IsAhead ? slot.Job.StartedBytes : 0;
            slot.Disown();
        }
    }

    /// <summary>Frees slots above the quota that are not in use, but the last one with memory. Returns the bytes.</summary>
    public long Trim()
    {
        var freed = 0L;
        while (SlotCount > Quota && SlotCount - _beingMade > 1 && TakeExisting() is { } slot)
        {
            _unavailable[slot.Index] = true;
            _slots[slot.Index] = null;
            SlotCount--;
            freed += slot.Bytes;
            slot.Dispose();
        }

        return freed;
    }

    /// <summary>The slot whose read was begun first of those under way; null for none.</summary>
    public ExpertSlot? Oldest => _slots.Where(slot => slot is { IsReading: true }).MinBy(slot => slot!.Job.SubmittedTimestamp);

    /// <summary>Experts that are resident, those of most use first.</summary>
    public IEnumerable<int> Resident(long step) =>
        _slots.Where(slot => slot is { IsReady: true }).Select(slot => slot!.Expert).OrderByDescending(expert => WorthAt(expert, step)).ThenBy(expert => expert);

    /// <summary>Notes a use.</summary>
    /// <param name="gateShare">Sum of its shares of the gates of the step's tokens.</param>
    public void Use(ExpertSlot slot, float gateShare, long step)
    {
        _worth[slot.Expert] = WorthAt(slot.Expert, step) + gateShare;
        _worthStep[slot.Expert] = step;
        Touch(slot, gateShare, step);
    }

    /// <inheritdoc cref="IEvictionPolicy{TSelf}.Touch"/>
    public abstract void Touch(ExpertSlot slot, float gateShare, long step);

    private double WorthAt(int expert, long step) => _worth[expert] * Math.Pow(2, (_worthStep[expert] - step) / HalfLife);

    protected abstract void Filled(int slot, int expert, long step);

    protected abstract int Victim(ReadOnlySpan<bool> unavailable);

    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot?.Dispose();
        }
    }
}

/// <inheritdoc cref="ExpertLayer"/>
internal sealed class ExpertLayer<TPolicy>(int number, StoredExpert[] experts, StoredExpert[]? copies) : ExpertLayer(number, experts, copies)
    where TPolicy : struct, IEvictionPolicy<TPolicy>
{
#pragma warning disable IDE0044 // a policy may change its own fields: calls through a readonly field would change a copy
    private TPolicy _policy = TPolicy.Create(experts.Length, experts.Length);
#pragma warning restore IDE0044

    public override void Touch(ExpertSlot slot, float gateShare, long step) => _policy.Touch(slot.Index, slot.Expert, gateShare, step);

    protected override void Filled(int slot, int expert, long step) => _policy.Filled(slot, expert, step);

    protected override int Victim(ReadOnlySpan<bool> unavailable) => _policy.Victim(unavailable);
}
