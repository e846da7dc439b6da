using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Crescent.Kernels.Storage;

/// <summary>
/// Reads through io_uring. One thread submits and reaps: completions then never interrupt threads that compute. It sleeps in the ring, and a read of an
/// event counter, always under way, wakes it for what others have started.
/// </summary>
internal sealed unsafe partial class UringReads : IReadBackend
{
    private const int StackBytes = 256 << 10;
    private const int BadFile = 9;
    private const int CloseOnExec = 0x8_0000;
    private const ulong WakeTag = ulong.MaxValue;

    private readonly object _gate = new(); // never held while completing
    private readonly Action<ReadBlock, int> _completed;
    private readonly ReadBlock?[] _slots; // by the ring's tag
    private readonly Stack<int> _freeSlots;
    private SafeFileHandle? _counter;
    private ReadBlock? _first; // started, not yet in the ring
    private ReadBlock? _last;
    private bool _sleeping;
    private bool _stopped;

    private UringReads(int depth, Action<ReadBlock, int> completed)
    {
        _completed = completed;
        _slots = new ReadBlock?[depth];
        _freeSlots = new Stack<int>(Enumerable.Range(0, depth));
    }

    public string Name => "io_uring";

    /// <summary>Null where the system has no io_uring, forbids it or lacks what is needed of it.</summary>
    public static UringReads? TryCreate(int depth, Action<ReadBlock, int> completed)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return null;
        }

        var reads = new UringReads(depth, completed);
        using var opened = new ManualResetEventSlim();
        var works = false;
        new Thread(
            () =>
            {
                using var ring = reads.Open();
                works = ring is not null;
                opened.Set();
                if (ring is not null)
                {
                    reads.Run(ring);
                }
            },
            StackBytes) { IsBackground = true, Name = "crescent-uring" }.Start();
        opened.Wait();
        return works ? reads : null;
    }

    public void Start(ReadBlock block)
    {
        bool wake;
        lock (_gate)
        {
            block.Next = null;
            if (_last is null)
            {
                _first = block;
            }
            else
            {
                _last.Next = block;
            }

            _last = block;
            wake = _sleeping;
            _sleeping = false;
        }

        if (wake)
        {
            Wake();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
        }

        Wake();
    }

    // The counter begins at one: its first read shows whether the ring can read at all.
    private Uring? Open()
    {
        var ring = Uring.TryCreate(_slots.Length + 1);
        if (ring is null)
        {
            return null;
        }

        _counter = new SafeFileHandle(EventCounter(1, CloseOnExec), ownsHandle: true);
        ulong count = 0;
        if (!_counter.IsInvalid)
        {
            ring.AddRead((int)_counter.DangerousGetHandle(), (nint)(&count), sizeof(ulong), 0, WakeTag);
            int result;
            while (!ring.TryTake(out _, out result))
            {
                if (!ring.Enter() && Marshal.GetLastPInvokeError() != 4)
                {
                    result = -1;
                    break;
                }
            }

            if (result == sizeof(ulong) && count == 1)
            {
                return ring;
            }
        }

        _counter.Dispose();
        ring.Dispose();
        return null;
    }

    private void Run(Uring ring)
    {
        ulong count; // where the counter is read to
        var isWakeable = false;
        while (true)
        {
            do
            {
                if (!isWakeable && !Volatile.Read(ref _stopped))
                {
                    ring.AddRead((int)_counter!.DangerousGetHandle(), (nint)(&count), sizeof(ulong), 0, WakeTag);
                    isWakeable = true;
                }

                while (TakeStarted() is { } block)
                {
                    Add(ring, block);
                }
            }
            while (!TrySleep());

            // Dispose has counted up, so the read of the counter ends too: nothing is in flight when the ring goes.
            if (_stopped && !isWakeable && _freeSlots.Count == _slots.Length)
            {
                break;
            }

            if (!ring.Enter())
            {
                Thread.Yield(); // interrupted, or short of memory: the next round asks again
            }

            lock (_gate)
            {
                _sleeping = false;
            }

            while (ring.TryTake(out var tag, out var result))
            {
                if (tag == WakeTag)
                {
                    isWakeable = false;
                }
                else
                {
                    Complete((int)tag, result);
                }
            }
        }

        _counter!.Dispose();
    }

    private ReadBlock? TakeStarted()
    {
        lock (_gate)
        {
            if (_first is not { } block)
            {
                return null;
            }

            _first = block.Next;
            _last = _first is null ? null : _last;
            block.Next = null;
            return block;
        }
    }

    private bool TrySleep()
    {
        lock (_gate)
        {
            return _sleeping = _first is null;
        }
    }

    // The handle is held until the read has ended: its number must not become another file's.
    private void Add(Uring ring, ReadBlock block)
    {
        var isHeld = false;
        try
        {
            block.Handle = block.Copy.Handle(0);
            block.Handle.DangerousAddRef(ref isHeld);
        }
        catch (ObjectDisposedException)
        {
            block.Handle = null;
            _completed(block, -BadFile);
            return;
        }

        var slot = _freeSlots.Pop();
        _slots[slot] = block;
        ring.AddRead((int)block.Handle.DangerousGetHandle(), (nint)block.Target.Address, block.Length, block.Offset, (ulong)slot);
    }

    private void Complete(int slot, int result)
    {
        var block = _slots[slot]!;
        _slots[slot] = null;
        _freeSlots.Push(slot);
        block.Handle!.DangerousRelease();
        block.Handle = null;
        _completed(block, result);
    }

    // The counter is closed once the ring's thread has ended: then there is nobody to wake.
    private void Wake()
    {
        try
        {
            ulong one = 1;
            _ = WriteFile(_counter!, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int EventCounter(uint count, int flags);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint WriteFile(SafeFileHandle file, ulong* bytes, nint length);
}
