using Crescent.Engine.KvCache;
using Crescent.Engine.KvCache.Snapshots;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Speculation;

namespace Crescent.Engine.Runtime;

/// <summary>
/// Decides what the next step computes: one token of every sequence that generates, then prompts in chunks, as far as the batch has room. When
/// cache pages run out, the youngest sequence gives its pages back and starts again later; what it had generated is kept.
/// </summary>
public sealed class Scheduler
{
    private const int ScoredChunk = 64; // prompt tokens a step where each has a row of logits

    private readonly PagePool _pool;
    private readonly LinkedList<Sequence> _waiting = new();
    private readonly List<Sequence> _running = [];
    private readonly List<LogitRow> _rows = []; // in the order of the batch's logit rows
    private readonly List<EmbeddedSpan> _embedded = [];
    private readonly int _maxSequences;
    private readonly int _chunk;
    private readonly int _busyChunk;
    private readonly PrefixSnapshots? _snapshots;
    private readonly Speculator? _speculator;

    /// <param name="maxSequences">Most sequences in a step.</param>
    /// <param name="chunk">Most prompt tokens of one sequence in a step.</param>
    /// <param name="snapshots">Stored beginnings of prompts; null for none.</param>
    /// <param name="busyChunk">Most prompt tokens of a step in which others generate; 0 for no such limit.</param>
    public Scheduler(PagePool pool, int maxSequences, int chunk, PrefixSnapshots? snapshots = null, int busyChunk = 0)
        : this(pool, maxSequences, chunk, snapshots, busyChunk, null)
    {
    }

    internal Scheduler(PagePool pool, int maxSequences, int chunk, PrefixSnapshots? snapshots, int busyChunk, Speculator? speculator)
    {
        _snapshots = snapshots;
        _speculator = speculator;
        _pool = pool;
        _maxSequences = maxSequences;
        _chunk = chunk;
        _busyChunk = busyChunk;
    }

    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0;

    /// <summary>What the step computes logits for, in the order of the batch's logit rows.</summary>
    public IReadOnlyList<LogitRow> Rows => _rows;

    /// <summary>What the step computes of prompts whose embeddings are wanted.</summary>
    internal IReadOnlyList<EmbeddedSpan> Embedded => _embedded;

    public void Add(Sequence sequence) => _waiting.AddLast(sequence);

    /// <summary>Fills the batch; false when there is nothing to compute.</summary>
    public bool Next(Batch batch)
    {
        batch.Clear();
        _rows.Clear();
        _embedded.Clear();
        foreach (var sequence in _running)
        {
            sequence.ComputedBeforeStep = sequence.Computed;
        }

        Retire();
        Admit();
        // Decoding first, so that no prompt delays a stream.
        AddDecoding(batch);
        AddPrompts(batch, batch.Count > 0 && _busyChunk > 0 ? Math.Min(batch.MaxTokens, batch.Count + _busyChunk) : batch.MaxTokens);
        return batch.Count > 0;
    }

    /// <summary>Ends all sequences of a step that has no result. What it should have computed is not kept.</summary>
    public void Abandon(FinishReason reason, string? message = null)
    {
        foreach (var sequence in _running)
        {
            if (sequence.Computed > sequence.ComputedBeforeStep)
            {
                sequence.Computed = sequence.ComputedBeforeStep;
                sequence.Finish(reason, message);
            }
        }
    }

    /// <summary>Removes ended sequences and gives their pages back.</summary>
    private void Retire()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i].FinishReason is not null)
            {
                Release(_running[i]);
                _running.RemoveAt(i);
            }
        }
    }

    private void Admit()
    {
        while (_waiting.First is { } node && _running.Count < _maxSequences)
        {
            var sequence = node.Value;
            if (sequence.FinishReason is not null)
            {
                _waiting.RemoveFirst();
                continue;
            }

            if (_running.Count > 0 && _pool.Available < PagePool.PagesFor(sequence.Length + 1))
            {
                return;
            }

            _waiting.RemoveFirst();
            // Pages that the others have filled by now may hold this prompt's beginning.
            foreach (var other in _running)
            {
                other.Pages.Publish(other.Tokens, other.Computed);
            }

            Begin(sequence);
            sequence.ComputedBeforeStep = sequence.Computed;
            _running.Add(sequence);
        }
    }

    private void Begin(Sequence sequence)
    {
        var share = !sequence.NeedsWholePrompt;
        sequence.EmbeddingSum?.Clear();
        if (_snapshots is not null && share)
        {
            var restored = _snapshots.Restore(sequence.Tokens, sequence.Length - 1, out var time);
            (sequence.RestoredTokens, sequence.RestoreTime) = restored > 0 ? (restored, time) : (sequence.RestoredTokens, sequence.RestoreTime);
            sequence.SnapshotLength = _snapshots.Wanted(sequence.Tokens[..sequence.PromptLength], sequence.Request.StoredPrefix);
        }

        sequence.Computed = share ? sequence.Pages.SharePrefix(sequence.Tokens, sequence.Length - 1) : 0;
        sequence.CachedTokens = Math.Min(sequence.Computed, sequence.PromptLength);
    }

    private static bool IsDecoding(Sequence sequence) => sequence.Length - sequence.Computed == 1 && sequence.Computed >= sequence.PromptLength;

    // Every sequence that generates has its row before any has room for guessed ones.
    private void AddDecoding(Batch batch)
    {
        var waiting = _speculator is null ? 0 : _running.Count(IsDecoding);
        var rows = waiting;
        for (var i = 0; i < _running.Count && batch.Count < batch.MaxTokens; i++)
        {
            var sequence = _running[i];
            if (!IsDecoding(sequence))
            {
                continue;
            }

            waiting--;
            if (!Reserve(sequence, sequence.Length))
            {
                continue;
            }

            AddToken(batch, sequence, Draft(sequence, rows, batch.MaxTokens - batch.Count - 1 - waiting));
        }
    }

    // Guesses take free pages only, and none that the sequence would never need.
    private ReadOnlySpan<int> Draft(Sequence sequence, int rows, int room)
    {
        if (_speculator is null)
        {
            return [];
        }

        var draft = _speculator.Draft(sequence, rows, room);
        return draft.IsEmpty || sequence.Pages.TryReserve(sequence.Length + draft.Length) ? draft : [];
    }

    // What is computed of the draft counts only once its tokens are chosen.
    private void AddToken(Batch batch, Sequence sequence, ReadOnlySpan<int> draft)
    {
        var first = sequence.Computed;
        sequence.Pages.PlanSave(sequence.Tokens, first, sequence.Length, sequence.PromptLength, sequence.SnapshotLength);
        batch.Add(sequence.WithDraft(draft), first, sequence.Pages, isPrompt: false);
        sequence.Computed = sequence.Length;
        sequence.DraftedTokens += draft.Length;
        for (var i = 0; i <= draft.Length; i++)
        {
            Want(batch, sequence, first + i, batch.Count - 1 - draft.Length + i, isSampled: true);
        }
    }

    /// <param name="most">Tokens of the step after which no more are added.</param>
    private void AddPrompts(Batch batch, int most)
    {
        for (var i = 0; i < _running.Count && batch.Count < most; i++)
        {
            var sequence = _running[i];
            var left = sequence.Length - sequence.Computed;
            if (left == 0 || IsDecoding(sequence))
            {
                continue;
            }

            var chunk = sequence.Scores is { CoversPrompt: true } ? Math.Min(_chunk, ScoredChunk) : _chunk;
            var count = Math.Min(Math.Min(left, chunk), most - batch.Count);
            if (!Reserve(sequence, sequence.Computed + count))
            {
                continue;
            }

            AddSpans(batch, sequence, count);
        }
    }

    // Prompt and generated tokens go in spans of their own: they may take another form of attention.
    private void AddSpans(Batch batch, Sequence sequence, int count)
    {
        var first = sequence.Computed;
        var end = first + count;
        var split = Math.Clamp(sequence.PromptLength, first, end);
        sequence.Pages.PlanSave(sequence.Tokens, first, end, sequence.PromptLength, sequence.SnapshotLength);
        if (split > first)
        {
            batch.Add(sequence.Tokens[first..split], first, sequence.Pages, isPrompt: true);
        }

        if (end > split)
        {
            batch.Add(sequence.Tokens[split..end], split, sequence.Pages, isPrompt: false);
        }

        sequence.Computed = end;
        if (sequence.EmbeddingSum is not null)
        {
            _embedded.Add(new EmbeddedSpan(sequence, batch.Count - count, count));
            return;
        }

        ScorePrompt(batch, sequence, first, end);
        if (end == sequence.Length)
        {
            Want(batch, sequence, end - 1, batch.Count - 1, isSampled: true);
        }
    }

    // The logits of a position score the token after it.
    private void ScorePrompt(Batch batch, Sequence sequence, int first, int end)
    {
        var last = sequence.Scores is { CoversPrompt: true } ? Math.Min(end, sequence.PromptLength - 1) : first;
        for (var position = first; position < last; position++)
        {
            Want(batch, sequence, position, batch.Count - end + position, isSampled: false);
        }
    }

    private void Want(Batch batch, Sequence sequence, int position, int row, bool isSampled)
    {
        batch.WantLogits(row);
        _rows.Add(new LogitRow(sequence, position, isSampled));
    }

    // Room for the sequence's positions; the youngest sequence after it pays when the pool is empty.
    private bool Reserve(Sequence sequence, int length)
    {
        while (!sequence.Pages.TryReserve(length))
        {
            var youngest = _running[^1];
            if (ReferenceEquals(youngest, sequence))
            {
                if (_running.Count == 1)
                {
                    EndFull(sequence);
                }
                else
                {
                    Preempt(sequence);
                }

                return false;
            }

            if (youngest.Computed > youngest.ComputedBeforeStep)
            {
                return false; // it is part of this step already: wait for the next
            }

            Preempt(youngest);
        }

        return true;
    }

    // Of a single sequence that finds no page: the context is full, or memory is.
    private void EndFull(Sequence sequence)
    {
        if (!_pool.IsShortOfMemory)
        {
            sequence.Finish(FinishReason.Length);
            return;
        }

        var message = $"the memory limit leaves no room for the cache of more than {sequence.Pages.Capacity} tokens: shorten the text, choose a smaller cache type, or raise the limit";
        sequence.Finish(sequence.GeneratedTokens.IsEmpty ? FinishReason.Failed : FinishReason.Length, message);
    }

    private void Preempt(Sequence sequence)
    {
        Release(sequence);
        sequence.Computed = 0;
        _running.Remove(sequence);
        _waiting.AddFirst(sequence);
    }

    private static void Release(Sequence sequence)
    {
        sequence.Pages.Publish(sequence.Tokens, sequence.Computed);
        sequence.Pages.Release();
    }
}
