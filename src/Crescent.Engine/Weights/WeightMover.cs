using Crescent.Kernels.Emitted;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Weights;

/// <summary>
/// Moves a model's larger tensors from the mapped file to huge pages, one after another, on a thread of its own: as panels where the kernels read
/// panels, else as they are. The model runs meanwhile, with the same results. Owns what it has moved.
/// </summary>
/// <param name="packs">Whether tensors may become panels.</param>
/// <param name="smallestPackedBytes">Tensors below this size stay rows.</param>
/// <param name="movesAll">Whether nothing stays in the file: small tensors move too, and those whose rows are needed do as rows.</param>
public sealed class WeightMover(IReadOnlyCollection<WeightGroup> groups, bool packs, long smallestPackedBytes, bool movesAll = false) : IDisposable
{
    private const long SmallestBytes = 2 << 20; // a huge page

    private readonly IReadOnlyCollection<WeightGroup> _groups = groups;
    private readonly bool _packs = packs;
    private readonly long _smallestPackedBytes = smallestPackedBytes;
    private readonly bool _movesAll = movesAll;
    private readonly List<PanelStorage> _panels = [];
    private readonly CancellationTokenSource _stop = new();
    private Thread? _thread;
    private bool _forget;

    /// <summary>Begins to move; does nothing the second time.</summary>
    /// <param name="forget">Whether the system should forget what has been moved: for a model that fits into memory only once.</param>
    public void Start(bool forget = false)
    {
        _forget |= forget;
        if (_thread is null)
        {
            _thread = new Thread(Move) { IsBackground = true, Name = "crescent-weights" };
            _thread.Start();
        }
    }

    /// <summary>Waits until all is moved, where <see cref="Start"/> was called.</summary>
    public void Wait() => _thread?.Join();

    /// <summary>Bytes of all tensors that it may move.</summary>
    public long Bytes => _groups.Sum(group => group.Bytes);

    /// <summary>Why some weights stayed in the file; null where none did.</summary>
    public OutOfMemoryException? Failure { get; private set; }

    /// <summary>Bytes of panels. To be asked once nothing moves any more.</summary>
    internal long PackedBytes => _panels.Sum(panels => panels.Bytes);

    public void Dispose()
    {
        _stop.Cancel();
        _thread?.Join();
        foreach (var panels in _panels)
        {
            panels.Dispose();
        }

        foreach (var storage in _groups.SelectMany(group => group.Storages))
        {
            storage.Dispose();
        }

        _stop.Dispose();
    }

    private void Move()
    {
        try
        {
            foreach (var group in _groups)
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                if (!Pack(group))
                {
                    Copy(group);
                }
            }
        }
        catch (OutOfMemoryException exception)
        {
            // The rest stays in the file, where it works as well.
            Failure = exception;
        }
    }

    private bool Pack(WeightGroup group)
    {
        if (!_packs || (_movesAll && group.KeepsRows) || group.Bytes < _smallestPackedBytes || PanelStorage.Create(group.Matrices) is not { } panels)
        {
            return false;
        }

        _panels.Add(panels);
        if (panels.Pack(_stop.Token, _movesAll && _forget) && !group.KeepsRows)
        {
            foreach (var storage in group.Storages)
            {
                storage.ReleasePages(_forget);
            }
        }

        return true;
    }

    private void Copy(WeightGroup group)
    {
        foreach (var storage in group.Storages)
        {
            if (_movesAll || storage.Mapped.Length >= SmallestBytes)
            {
                storage.MoveToHugePages(_stop.Token, _forget);
            }
        }
    }
}
