using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache;

/// <summary>
/// All cache pages of a model, made as they are needed. Pages that no sequence holds keep their content until their memory is wanted, so a
/// prompt that begins like an earlier one starts from its pages. Where the model has recurrent layers, a prompt can start only where a page's
/// state was kept; the least recently used states go first. Not thread-safe: the generator's thread owns it.
/// </summary>
public sealed class PagePool : IDisposable
{
    /// <summary>Two turns of a conversation, each at the end of its prompt and of its answer.</summary>
    public const int DefaultKeptStates = 4;

    private readonly Dictionary<PrefixKey, KvPage> _published = [];
    private readonly LinkedList<KvPage> _idle = new(); // published, unreferenced; oldest first
    private readonly Stack<KvPage> _blank = new();
    private readonly List<KvPage> _all = [];
    private readonly StatePool _states;
    private readonly LinkedList<KvPage> _withState = new(); // least recently used first
    private readonly int _maxKeptStates;
    private readonly Func<long, bool>? _claim;
    private long _nextId = 1;

    /// <param name="maxPages">Most pages that may exist.</param>
    /// <param name="maxKeptStates">Most states kept with published pages, beside those of running sequences.</param>
    /// <param name="claim">Asked before memory of so many bytes is taken; false where there is none. Told of bytes that are given back, as a number below 0. Null where memory has no limit.</param>
    public PagePool(KvCacheLayout layout, int maxPages, int maxKeptStates = DefaultKeptStates, Func<long, bool>? claim = null)
    {
        _claim = claim;
        Layout = layout;
        MaxPages = maxPages;
        _maxKeptStates = maxKeptStates;
        _states = new StatePool(layout.StateFloats);
    }

    public KvCacheLayout Layout { get; }

    public int MaxPages { get; }

    /// <summary>Whether the last page that was asked for and not given was refused for want of memory.</summary>
    public bool IsShortOfMemory { get; private set; }

    /// <summary>Pages that could be rented now.</summary>
    public int Available => MaxPages - _all.Count + _blank.Count + _idle.Count;

    /// <summary>Bytes of all pages and states made so far.</summary>
    public long AllocatedBytes => (_all.Count * Layout.PageBytes) + _states.AllocatedBytes;

    /// <summary>A page for new content, held once; null when every page is in use.</summary>
    internal KvPage? TryRent()
    {
        KvPage page;
        if (_blank.Count > 0)
        {
            page = _blank.Pop();
        }
        else if (_all.Count < MaxPages && TryClaim(Layout.PageBytes))
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
        page.IsPrompt = false;
        return page;
    }

    private bool TryClaim(long bytes)
    {
        var claimed = _claim is null || _claim(bytes);
        IsShortOfMemory = !claimed;
        return claimed;
    }

    /// <summary>Tokens at the beginning of <paramref name="tokens"/>, at most <paramref name="limit"/>, that a new sequence would find here.</summary>
    internal int CountPublished(ReadOnlySpan<int> tokens, int limit)
    {
        var (found, parent) = (0, 0L);
        for (var end = PagedAttention.PageTokens; end <= Math.Min(limit, tokens.Length); end += PagedAttention.PageTokens)
        {
            if (!_published.TryGetValue(new PrefixKey(parent, tokens[(end - PagedAttention.PageTokens)..end].ToArray()), out var page))
            {
                break;
            }

            parent = page.Id;
            found = Layout.StateFloats == 0 || page.State is not null ? end : found;
        }

        return found;
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

    /// <summary>Holds a page that somebody holds once more.</summary>
    internal static void Hold(KvPage page) => page.References++;

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

    /// <summary>Memory for a state, with any content: where none is left, that of the kept state that was used least recently; null where there is none either.</summary>
    internal AlignedBuffer<float>? TryRentState()
    {
        if (!_states.HasFree && !TryClaim(_states.StateBytes))
        {
            return _withState.First is { } oldest ? TakeState(oldest.Value) : null;
        }

        return _states.Rent();
    }

    internal void ReturnState(AlignedBuffer<float> state) => _states.Return(state);

    /// <summary>Keeps the state that belongs to the end of a page, unless the page is not published or has one already. Takes the memory over either way.</summary>
    internal void KeepState(KvPage page, AlignedBuffer<float> state)
    {
        if (page.Key is null || page.State is not null || _maxKeptStates == 0)
        {
            _states.Return(state);
            return;
        }

        if (_withState.Count == _maxKeptStates)
        {
            DropState(_withState.First!.Value);
        }

        page.State = state;
        page.StateNode = _withState.AddLast(page);
    }

    /// <summary>Takes a page's state away, for whoever gives it back with <see cref="KeepState"/>.</summary>
    internal AlignedBuffer<float> TakeState(KvPage page)
    {
        var state = page.State!;
        _withState.Remove(page.StateNode!);
        page.State = null;
        page.StateNode = null;
        return state;
    }

    /// <summary>A copy of a page's state, which counts as used; where there is no memory for two of them, the state itself.</summary>
    internal AlignedBuffer<float> CopyState(KvPage page)
    {
        var state = page.State!;
        _withState.Remove(page.StateNode!);
        _withState.AddLast(page.StateNode!);
        var copy = TryRentState()!; // the last of those kept is this one
        if (copy != state)
        {
            state.CopyTo(copy);
        }

        return copy;
    }

    /// <summary>Verifies the pool's bookkeeping.</summary>
    /// <exception cref="InvalidOperationException">It does not add up.</exception>
    public void CheckIntegrity()
    {
        var held = _all.Count(page => page.References > 0);
        if (held + _idle.Count + _blank.Count != _all.Count
            || _idle.Any(page => page.References != 0 || page.Key is null)
            || _blank.Any(page => page.References != 0 || page.Key is not null)
            || _published.Any(pair => !ReferenceEquals(pair.Value.Key, pair.Key))
            || _withState.Any(page => page.State is null || page.Key is null)
            || _all.Count(page => page.State is not null) != _withState.Count
            || _withState.Count > Math.Min(_maxKeptStates, _states.Held))
        {
            throw new InvalidOperationException(
                $"page pool out of balance: {_all.Count} pages, {held} held, {_idle.Count} idle, {_blank.Count} blank, {_published.Count} published, {_withState.Count} with one of {_states.Held} states");
        }
    }

    public void Dispose()
    {
        foreach (var page in _all)
        {
            page.Buffer.Dispose();
        }

        _claim?.Invoke(-AllocatedBytes);
        _states.Dispose();
        _all.Clear();
        _withState.Clear();
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
        if (page.State is not null)
        {
            DropState(page);
        }
    }

    private void DropState(KvPage page) => _states.Return(TakeState(page));

    /// <summary>Pages that <paramref name="tokens"/> tokens take.</summary>
    public static int PagesFor(int tokens) => (tokens + PagedAttention.PageTokens - 1) / PagedAttention.PageTokens;
}
