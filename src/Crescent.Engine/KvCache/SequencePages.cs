using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache;

/// <summary>
/// The pages of one sequence, in order of position, and its state, where the model has recurrent layers. The last, unfilled page and the state are its
/// own; full pages may be shared.
/// </summary>
public sealed class SequencePages
{
    private const int PageTokens = PagedAttention.PageTokens;

    private readonly PagePool _pool;
    private readonly int _promptLength;
    private readonly List<KvPage> _pages = [];
    private int _publishedPages;

    /// <param name="promptLength">Tokens of the sequence's prompt; those after it are generated ones.</param>
    public SequencePages(PagePool pool, int promptLength = int.MaxValue) => (_pool, _promptLength) = (pool, promptLength);

    /// <summary>The pages' memory, for attention; entries past the last page are stale.</summary>
    public ByteRegion[] Table { get; private set; } = new ByteRegion[8];

    /// <summary>The state; null until the first reservation, and where the model has no recurrent layers.</summary>
    public SequenceState? State { get; private set; }

    /// <summary>Positions that have a page.</summary>
    public int Capacity => _pages.Count * PageTokens;

    /// <summary>
    /// Takes published pages that hold the beginning of <paramref name="tokens"/>, at most <paramref name="limit"/> tokens; where the model has recurrent
    /// layers, up to the last page whose state was kept, with a copy of that state. Returns the tokens covered.
    /// </summary>
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

        if (_pool.Layout.StateFloats > 0)
        {
            TakeState();
        }

        return _pages.Count * PageTokens;
    }

    /// <summary>Makes room for positions 0..<paramref name="length"/>; false when the pool has no page left, or no memory for the state (pages taken so far stay).</summary>
    public bool TryReserve(int length)
    {
        if (State is null && _pool.Layout.StateFloats > 0)
        {
            if (_pool.TryRentState() is not { } values)
            {
                return false;
            }

            State = new SequenceState(values);
            State.Values.Clear();
        }

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
            _pages[_publishedPages].IsPrompt = (_publishedPages + 1) * PageTokens <= _promptLength;
            _pool.Publish(_pages[_publishedPages], KeyOf(_publishedPages, tokens));
        }

        if (State is { SavedIsPrompt: true } state)
        {
            OfferSaved(state);
        }
    }

    /// <summary>
    /// Where the model has recurrent layers: chooses the page boundary at which the coming step, over positions <paramref name="first"/>..<paramref name="end"/>,
    /// saves the state. At <paramref name="wanted"/>, where a snapshot is to be taken, else at the last one before the prompt's last token, for prompts that
    /// begin alike; such a copy is offered with its page at once. Else at the last one, for what goes on from this sequence; that copy moves along until
    /// the pages are given back. One copy a step: where both lie in one step, the prompt's end is not kept.
    /// </summary>
    /// <param name="tokens">The sequence's tokens.</param>
    public void PlanSave(ReadOnlySpan<int> tokens, int first, int end, int promptLength, int wanted = 0)
    {
        if (State is not { } state)
        {
            return;
        }

        var prompt = (promptLength - 1) / PageTokens * PageTokens;
        var at = wanted > first && wanted <= end ? wanted : prompt > first && prompt <= end ? prompt : end / PageTokens * PageTokens;
        state.SaveAt = 0;
        if (at > first)
        {
            Publish(tokens, first); // the prompt's copy is not to be written over
            state.Saved ??= _pool.TryRentState();
            if (state.Saved is null)
            {
                return; // no memory: others begin earlier
            }

            (state.SaveAt, state.SavedLength, state.SavedIsPrompt) = (at, at, at == prompt || at == wanted);
        }
    }

    /// <summary>
    /// Holds the pages of positions 0..<paramref name="length"/>, whole pages that are filled, and takes their state where the model has one. Null where a
    /// page holds more than prompts, or the state was not kept.
    /// </summary>
    /// <param name="tokens">The sequence's tokens.</param>
    internal HeldPrefix? TryHold(ReadOnlySpan<int> tokens, int length)
    {
        Publish(tokens, length);
        var count = length / PageTokens;
        var pages = _pages.GetRange(0, Math.Min(count, _pages.Count));
        if (pages.Count < count || !pages.TrueForAll(page => page.IsPrompt) || (_pool.Layout.StateFloats > 0 && pages[^1].State is null))
        {
            return null;
        }

        pages.ForEach(PagePool.Hold);
        return new HeldPrefix(_pool, pages, _pool.Layout.StateFloats > 0 ? _pool.TakeState(pages[^1]) : null);
    }

    /// <summary>Gives all pages and the state back.</summary>
    public void Release()
    {
        if (State is { } state)
        {
            OfferSaved(state);
            _pool.ReturnState(state.Values);
            State = null;
        }

        foreach (var page in _pages)
        {
            _pool.Release(page);
        }

        _pages.Clear();
        _publishedPages = 0;
    }

    // Gives shared pages back down to the last one with a state.
    private void TakeState()
    {
        while (_pages.Count > 0 && _pages[^1].State is null)
        {
            _pool.Release(_pages[^1]);
            _pages.RemoveAt(_pages.Count - 1);
        }

        _publishedPages = _pages.Count;
        if (_pages.Count > 0)
        {
            State = new SequenceState(_pool.CopyState(_pages[^1]));
        }
    }

    private void OfferSaved(SequenceState state)
    {
        if (state.Saved is { } saved)
        {
            _pool.KeepState(_pages[(state.SavedLength / PageTokens) - 1], saved);
        }

        (state.Saved, state.SavedLength, state.SavedIsPrompt, state.SaveAt) = (null, 0, false, 0);
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
