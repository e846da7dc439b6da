using Crescent.Engine.KvCache;
using Crescent.Engine.Models;

namespace Crescent.Engine.Runtime.Scoring;

/// <summary>
/// A given text on its way through a model, a step at a time, so that two models can be led through the same text side by side. A model has one pass at
/// a time; its logits are the model's own rows, valid until its next step.
/// </summary>
public sealed class ScoringPass : IDisposable
{
    private readonly LanguageModel _model;
    private readonly int[] _tokens;
    private readonly int _chunk;
    private readonly bool _isPrompt;
    private readonly PagePool _pool;
    private readonly SequencePages _pages;
    private int _next; // the next step's first token
    private int _firstRow; // the position of this step's first row of logits

    /// <param name="tokens">The text.</param>
    /// <param name="chunk">Tokens a step; results do not depend on it.</param>
    /// <param name="firstVisited">Positions before it are run but get no logits.</param>
    /// <param name="isPrompt">False runs the text as if the model had generated it.</param>
    /// <exception cref="ArgumentException">The text is empty, or the chunk is not a step the model can take.</exception>
    public ScoringPass(LanguageModel model, ReadOnlySpan<int> tokens, int chunk, int firstVisited = 0, bool isPrompt = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunk, model.Batch.MaxTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(firstVisited);
        if (tokens.IsEmpty)
        {
            throw new ArgumentException("expected a text of at least one token, found none", nameof(tokens));
        }

        (_model, _tokens, _chunk, FirstVisited, _isPrompt) = (model, tokens.ToArray(), chunk, firstVisited, isPrompt);
        _pool = new PagePool(model.CacheLayout, PagePool.PagesFor(tokens.Length), claim: model.ClaimMemory);
        _pages = new SequencePages(_pool);
    }

    public int FirstVisited { get; }

    /// <summary>Positions [start, end) whose logits this step computed; empty where it lies before <see cref="FirstVisited"/>.</summary>
    public (int Start, int End) Visited => (_firstRow, Math.Max(_firstRow, _next));

    /// <summary>Runs the next step; false when the text is at its end.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    /// <exception cref="InsufficientMemoryException">The model's memory is limited, and the text's cache does not fit.</exception>
    public bool Step(CancellationToken cancellation = default)
    {
        if (_next == _tokens.Length)
        {
            return false;
        }

        cancellation.ThrowIfCancellationRequested();
        var (first, count) = (_next, Math.Min(_chunk, _tokens.Length - _next));
        if (!_pages.TryReserve(first + count))
        {
            throw new InsufficientMemoryException($"the memory limit leaves no room for the cache of {first + count} tokens: shorten the context, or raise the limit");
        }

        _model.Batch.Clear();
        _model.Batch.Add(_tokens.AsSpan(first, count), first, _pages, _isPrompt);
        for (var i = Math.Max(0, FirstVisited - first); i < count; i++)
        {
            _model.Batch.WantLogits(i);
        }

        _model.Cancellation = cancellation;
        _model.Forward();
        _next = first + count;
        _firstRow = Math.Max(first, FirstVisited);
        return true;
    }

    /// <summary>Logits [vocab] of one of the positions of <see cref="Visited"/>.</summary>
    public Span<float> LogitsOf(int position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, _firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, _next);
        return _model.LogitsOf(position - _firstRow);
    }

    public void Dispose() => _pool.Dispose();
}
