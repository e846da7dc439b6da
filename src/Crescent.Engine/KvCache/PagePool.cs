using Crescent.Kernels.Attention;

namespace Crescent.Engine.KvCache;

/// <summary>
/// All cache pages of a model, made as they are needed. Pages that no sequence holds keep their content until their memory is wanted, so a
/// prompt that begins like an earlier one starts from its pages. Not thread-safe: the generator's thread owns it.
/// </summary>
public sealed class PagePool : IDisposable
{
    private readonly Dictionary<PrefixKey, KvPage> _published = [];
    private readonly LinkedList<KvPage> _idle = new(); // published, unreferenced; oldest first
    private readonly Stack<KvPage> _blank = new();
    private readonly List<KvPage> _all = [];
    private long _nextId = 1;

    /// <param name="maxPages">Most pages that may exist.</param>
    public PagePool(KvCacheLayout layout, int maxPages)
    {
        Layout = layout;
        MaxPages = maxPages;
    }

    public KvCacheLayout Layout { get; }

    public int MaxPages { get; }

    /// <summary>Pages that could be rented now.</summary>
    public int Available => MaxPages - _all.Count + _blank.Count + _idle.Count;

    /// <summary>Bytes of all pages made so far.</summary>
    public long AllocatedBytes => _all.Count * Layout.PageBytes;

    /// <summary>A page for new content, held once; null when every page is in use.</summary>
    internal KvPage? TryRent()
    {
        KvPage page;
        if (_blank.Count > 0)
        {
            page = _blank.Pop();
        }
        else if (_all.Count < MaxPages)
        {
            page = new KvPage(Layout.PageBytes, 0);
            _all.Add(page);
        }
        else if (_idle.First is { } oldest)
        {
            page = oldest.Value;
            Unpublish(page);
        }
        else
        {
            return null;
        }

        page.Id = _nextId++;
        page.References = 1;
        return page;
    }

    /// <summary>The published page with this content, held once more; null where there is none.</summary>
    internal KvPage? TryShare(PrefixKey key)
    {
        if (!_published.TryGetValue(key, out var page))
        {
            return null;
        }

        if (page.IdleNode is { } node)
        {
            _idle.Remove(node);
            page.IdleNode = null;
        }

        page.References++;
        return page;
    }

    /// <summary>Offers a full page for reuse. Content that is published already keeps its first page.</summary>
    internal void Publish(KvPage page, PrefixKey key)
    {
        if (_published.TryAdd(key, page))
        {
            page.Key = key;
        }
    }

    internal void Release(KvPage page)
    {
        if (--page.References > 0)
        {
            return;
        }

        if (page.Key is null)
        {
            _blank.Push(page);
        }
        else
        {
            page.IdleNode = _idle.AddLast(page);
        }
    }

    /// <summary>Verifies the pool's bookkeeping.</summary>
    /// <exception cref="InvalidOperationException">It does not add up.</exception>
    public void CheckIntegrity()
    {
        var held = _all.Count(page => page.References > 0);
        if (held + _idle.Count + _blank.Count != _all.Count
            || _idle.Any(page => page.References != 0 || page.Key is null)
            || _blank.Any(page => page.References != 0 || page.Key is not null)
            || _published.Any(pair => !ReferenceEquals(pair.Value.Key, pair.Key)))
        {
            throw new InvalidOperationException(
                $"page pool out of balance: {_all.Count} pages, {held} held, {_idle.Count} idle, {_blank.Count} blank, {_published.Count} published");
        }
    }

    public void Dispose()
    {
        foreach (var page in _all)
        {
            page.Buffer.Dispose();
        }

        _all.Clear();
        _published.Clear();
        _idle.Clear();
        _blank.Clear();
    }

    private void Unpublish(KvPage page)
    {
        _published.Remove(page.Key!);
        page.Key = null;
        _idle.Remove(page.IdleNode!);
        page.IdleNode = null;
    }

    /// <summary>Pages that <paramref name="tokens"/> tokens take.</summary>
    public static int PagesFor(int tokens) => (tokens + PagedAttention.PageTokens - 1) / PagedAttention.PageTokens;
}
