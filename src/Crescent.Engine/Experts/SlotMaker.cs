using Crescent.Kernels.Threading;

namespace Crescent.Engine.Experts;

/// <summary>
/// Makes the memory of slots ahead of need: a thread of its own touches it piece by piece, since pages that a machine has not used before can take longer to come than the bytes that are read
/// into them. The generator's thread asks and takes; a slot is the maker's in between.
/// </summary>
/// <param name="claim">Sets memory aside for a slot.</param>
internal sealed class SlotMaker(List<ExpertLayer> layers, Action<ExpertSlot> claim) : IDisposable
{
    private const int MostWaiting = 2;
    private const int PieceBytes = 2 << 20;

    private readonly object _gate = new();
    private readonly Queue<ExpertSlot> _waiting = new(MostWaiting);
    private readonly Queue<ExpertSlot> _made = new(MostWaiting);
    private Thread? _thread;
    private int _slots; // asked for and not taken
    private long _missingBytes;
    private bool _stopped;

    /// <summary>Bytes of the slots asked for that take no physical memory yet.</summary>
    public long MissingBytes => Volatile.Read(ref _missingBytes);

    /// <summary>Gives slots that have been made to their layers, and begins others: of the layer with the fewest first.</summary>
    public void Continue()
    {
        while (TryTake() is { } made)
        {
            made.Layer.AddMade(made);
        }

        while (_slots < MostWaiting && LeastGrown() is { } layer)
        {
            var slot = layer.BeginSlot();
            claim(slot);
            Make(slot);
        }
    }

    /// <summary>Ends the thread: slots may then be disposed of.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.Pulse(_gate);
        }

        _thread?.Join();
    }

    private ExpertLayer? LeastGrown()
    {
        ExpertLayer? least = null;
        foreach (var layer in layers)
        {
            if (layer.WantsSlots && layer.SlotCount < (least?.SlotCount ?? int.MaxValue))
            {
                least = layer;
            }
        }

        return least;
    }

    private void Make(ExpertSlot slot)
    {
        _slots++;
        Interlocked.Add(ref _missingBytes, slot.Bytes);
        lock (_gate)
        {
            _waiting.Enqueue(slot);
            Monitor.Pulse(_gate);
        }

        if (_thread is null)
        {
            _thread = new Thread(Run, maxStackSize: 256 << 10) { IsBackground = true, Name = "crescent-slots" };
            _thread.Start();
        }
    }

    private ExpertSlot? TryTake()
    {
        if (_slots == 0)
        {
            return null;
        }

        lock (_gate)
        {
            if (!_made.TryDequeue(out var slot))
            {
                return null;
            }

            _slots--;
            return slot;
        }
    }

    private void Run()
    {
        ThreadPriorities.GiveWay();
        while (TakeWaiting() is { } slot)
        {
            for (var offset = 0L; offset < slot.Bytes && !Volatile.Read(ref _stopped); offset += PieceBytes)
            {
                var bytes = Math.Min(PieceBytes, slot.Bytes - offset);
                slot.Populate(offset, bytes);
                Interlocked.Add(ref _missingBytes, -bytes);
            }

            lock (_gate)
            {
                _made.Enqueue(slot);
            }
        }
    }

    private ExpertSlot? TakeWaiting()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_stopped)
            {
                Monitor.Wait(_gate);
            }

            return _stopped ? null : _waiting.Dequeue();
        }
    }
}
