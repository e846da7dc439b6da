using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Weights;

/// <summary>Moves a model's larger tensors to huge pages, one after another, on a thread of its own. Owns what it has moved.</summary>
public sealed class WeightMover(IReadOnlyCollection<WeightStorage> storages) : IDisposable
{
    private const long SmallestBytes = 2 << 20; // a huge page

    private readonly IReadOnlyCollection<WeightStorage> _storages = storages;
    private readonly CancellationTokenSource _stop = new();
    private Thread? _thread;

    /// <summary>Begins to move; does nothing the second time.</summary>
    public void Start()
    {
        if (_thread is null)
        {
            _thread = new Thread(Move) { IsBackground = true, Name = "crescent-weights" };
            _thread.Start();
        }
    }

    /// <summary>Waits until all is moved, where <see cref="Start"/> was called.</summary>
    public void Wait() => _thread?.Join();

    public void Dispose()
    {
        _stop.Cancel();
        _thread?.Join();
        foreach (var storage in _storages)
        {
            storage.Dispose();
        }

        _stop.Dispose();
    }

    private void Move()
    {
        foreach (var storage in _storages)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            if (storage.Mapped.Length >= SmallestBytes)
            {
                try
                {
                    storage.MoveToHugePages(_stop.Token);
                }
                catch (OutOfMemoryException)
                {
                    return; // the rest stays in the file, where it works as well
                }
            }
        }
    }
}
