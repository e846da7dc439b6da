using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache;

/// <summary>
/// Full pages at the beginning of a sequence, held so that another thread may read them, with the state that belongs to their end. Taken and released by
/// the pool's thread.
/// </summary>
internal sealed class HeldPrefix(PagePool pool, IReadOnlyList<KvPage> pages, AlignedBuffer<float>? state)
{
    private readonly PagePool _pool = pool;

    public IReadOnlyList<KvPage> Pages { get; } = pages;

    /// <summary>Null where the model has no recurrent layers.</summary>
    public AlignedBuffer<float>? State { get; } = state;

    /// <summary>Gives pages and state back.</summary>
    public void Release()
    {
        if (State is not null)
        {
            _pool.KeepState(Pages[^1], State);
        }

        foreach (var page in Pages)
        {
            _pool.Release(page);
        }
    }
}
