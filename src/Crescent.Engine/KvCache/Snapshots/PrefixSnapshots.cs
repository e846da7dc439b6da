using System.Diagnostics;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache.Snapshots;

/// <summary>
/// Between a page pool and the stored snapshots: brings stored beginnings of prompts into the pool, where sequences find them like any other, and has
/// pages written in the background. All calls come from the pool's thread; the one writing task reads pages that are held for it.
/// </summary>
public sealed class PrefixSnapshots(PagePool pool, PrefixSnapshotStore store) : IDisposable
{
    private readonly PagePool _pool = pool;
    private readonly PrefixSnapshotStore _store = store;
    private readonly ManualResetEventSlim _hurry = new();
    private Task? _writing;
    private HeldPrefix? _written; // held for the task

    /// <summary>Loads the longest stored beginning of <paramref name="tokens"/>, where it is longer than what the pool has. Returns the tokens loaded or shared, 0 for none.</summary>
    /// <param name="limit">Most tokens.</param>
    public int Restore(ReadOnlySpan<int> tokens, int limit, out TimeSpan time)
    {
        time = default;
        if (Math.Min(tokens.Length, limit) < _store.Options.LeastTokens)
        {
            return 0;
        }

        var start = Stopwatch.GetTimestamp();
        using var snapshot = _store.Find(tokens, limit, out var found);
        var loaded = snapshot is not null && found > _pool.CountPublished(tokens, limit) && TryLoad(snapshot, tokens, found);
        _store.Report();
        if (!loaded)
        {
            return 0;
        }

        PrefixSnapshotStore.Touch(snapshot!);
        time = Stopwatch.GetElapsedTime(start);
        return found;
    }

    /// <summary>The whole pages in the first <paramref name="length"/> tokens of a prompt, in tokens; 0 where they are too few for a snapshot, or are stored already.</summary>
    public int Wanted(ReadOnlySpan<int> tokens, int length)
    {
        var whole = Math.Min(length, tokens.Length) / PagedAttention.PageTokens * PagedAttention.PageTokens;
        return whole > 0 && whole >= _store.Options.LeastTokens && !_store.Holds(tokens[..whole]) ? whole : 0;
    }

    /// <summary>Begins to write the first <paramref name="length"/> tokens of a sequence; one at a time: while another is written, this one is left to a later answer.</summary>
    internal void Save(SequencePages pages, ReadOnlySpan<int> tokens, int length)
    {
        Collect();
        if (_writing is not null || pages.TryHold(tokens, length) is not { } held)
        {
            return;
        }

        var ids = tokens[..length].ToArray();
        _written = held;
        _writing = Task.Factory.StartNew(
            () => _store.Save(ids, held, () => _hurry.Wait(_store.Options.Pause)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Gives back what a finished write has held.</summary>
    internal void Collect()
    {
        if (_writing is { IsCompleted: true } writing)
        {
            _writing = null;
            _written!.Release();
            _written = null;
            writing.GetAwaiter().GetResult();
            _store.Report();
        }
    }

    /// <summary>Waits for the write that is under way, which no longer pauses.</summary>
    public void Finish()
    {
        _hurry.Set();
        _writing?.Wait();
        _hurry.Reset();
        Collect();
    }

    public void Dispose()
    {
        Finish();
        _hurry.Dispose();
    }

    // All or nothing: pages are published once all of them are read and checked.
    private bool TryLoad(PrefixSnapshotReader snapshot, ReadOnlySpan<int> tokens, int length)
    {
        var held = new List<(KvPage Page, PrefixKey? Key)>(); // the key of pages that are new
        AlignedBuffer<float>? state = null;
        try
        {
            for (var i = 0; i < length / PagedAttention.PageTokens; i++)
            {
                var key = new PrefixKey(i == 0 ? 0 : held[^1].Page.Id, tokens.Slice(i * PagedAttention.PageTokens, PagedAttention.PageTokens).ToArray());
                if (_pool.TryShare(key) is { } shared)
                {
                    held.Add((shared, null));
                    continue;
                }

                if (_pool.TryRent() is not { } page)
                {
                    return false;
                }

                held.Add((page, key));
                snapshot.ReadPage(i, page.Bytes);
            }

            if (_pool.Layout.StateFloats > 0)
            {
                state = _pool.TryRentState();
                if (state is null)
                {
                    return false;
                }

                snapshot.ReadState(state.Bytes);
            }

            Publish(held, ref state);
            return true;
        }
        catch (CheckpointException exception)
        {
            _store.Refuse(snapshot.Path, exception);
            return false;
        }
        catch (IOException)
        {
            return false; // unreadable: the prompt is computed
        }
        finally
        {
            if (state is not null)
            {
                _pool.ReturnState(state);
            }

            held.ForEach(pair => _pool.Release(pair.Page));
        }
    }

    private void Publish(List<(KvPage Page, PrefixKey? Key)> held, ref AlignedBuffer<float>? state)
    {
        foreach (var (page, key) in held)
        {
            if (key is not null)
            {
                page.IsPrompt = true;
                _pool.Publish(page, key);
            }
        }

        if (state is not null)
        {
            _pool.KeepState(held[^1].Page, state);
            state = null;
        }
    }
}
