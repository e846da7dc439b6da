using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache;

/// <summary>The pages of one sequence, in order of position. The last, unfilled one is its own; full ones may be shared.</summary>
public sealed class SequencePages
{
    private const int PageTokens = PagedAttention.PageTokens;

    private readonly PagePool _pool;
    private readonly List<KvPage> _pages = [];
    private int _publishedPages;

    public SequencePages(PagePool pool) => _pool = pool;

    /// <summary>The pages' memory, for attention; entries past the last page are stale.</summary>
    public ByteRegion[] Table { get; private set; } = new ByteRegion[8];

    /// <summary>Positions that have a page.</summary>
    public int Capacity => _pages.Count * PageTokens;

    /// <summary>Takes published pages that hold the beginning of <paramref name="tokens"/>, at most <paramref name="limit"/> tokens. Returns the tokens covered.</summary>
    public int SharePrefix(ReadOnlySpan<int> tokens, int limit)
    {
        while (((_pages.Count + 1) * PageTokens) <= Math.Min(limit, tokens.Length))
        {
            var key = KeyOf(_pages.Count, tokens);
            if (_pool.TryShare(key) is not { } page)
            {
                break;
            }

            Append(page);
            _publishedPages = _pages.Count;
        }

        return _pages.Count * PageTokens;
    }

    /// <summary>Makes room for positions 0..<paramref name="length"/>; false when the pool has no page left (pages taken so far stay).</summary>
    public bool TryReserve(int length)
    {
        while (Capacity < length)
        {
            if (_pool.TryRent() is not { } page)
            {
                return false;
            }

            Append(page);
        }

        return true;
    }

    /// <summary>Publishes the pages that positions 0..<paramref name="length"/> have filled.</summary>
    /// <param name="tokens">The sequence's tokens.</param>
    public void Publish(ReadOnlySpan<int> tokens, int length)
    {
        for (; (_publishedPages + 1) * PageTokens <= length; _publishedPages++)
        {
            _pool.Publish(_pages[_publishedPages], KeyOf(_publishedPages, tokens));
        }
    }

    /// <summary>Gives all pages back.</summary>
    public void Release()
    {
        foreach (var page in _pages)
        {
            _pool.Release(page);
        }

        _pages.Clear();
        _publishedPages = 0;
    }

    private PrefixKey KeyOf(int index, ReadOnlySpan<int> tokens) =>
        new(index == 0 ? 0 : _pages[index - 1].Id, tokens.Slice(index * PageTokens, PageTokens).ToArray());

    private void Append(KvPage page)
    {
        if (_pages.Count == Table.Length)
        {
            var table = Table;
            Array.Resize(ref table, table.Length * 2);
            Table = table;
        }

        Table[_pages.Count] = page.Bytes;
        _pages.Add(page);
    }
}
