using System.Diagnostics;
using Crescent.Engine.KvCache;
using Crescent.Kernels.Attention;
using Crescent.Kernels.LinearAttention;

namespace Crescent.Engine.Models;

/// <summary>The tokens of one step: consecutive tokens of one or more sequences, and which rows' logits are wanted. Reused from step to step.</summary>
public sealed class Batch
{
    private readonly int[] _tokens;
    private readonly int[] _positions;
    private readonly int[] _spanOfRow;
    private readonly AttentionSpan[] _spans;
    private readonly RecurrentSpan[] _recurrentSpans;
    private readonly bool[] _promptSpans;
    private readonly int[] _logitRows;
    private int _spanCount;
    private int _recurrentCount;
    private int _logitCount;

    /// <param name="maxTokens">Most tokens of a step.</param>
    public Batch(int maxTokens)
    {
        _tokens = new int[maxTokens];
        _positions = new int[maxTokens];
        _spanOfRow = new int[maxTokens];
        _spans = new AttentionSpan[maxTokens];
        _recurrentSpans = new RecurrentSpan[maxTokens];
        _promptSpans = new bool[maxTokens];
        _logitRows = new int[maxTokens];
    }

    public int MaxTokens => _tokens.Length;

    /// <summary>Tokens in the step.</summary>
    public int Count { get; private set; }

    /// <summary>[tokens]</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>[tokens], position of each in its sequence</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Count);

    /// <summary>[tokens], index of each token's span</summary>
    public ReadOnlySpan<int> SpanOfRow => _spanOfRow.AsSpan(0, Count);

    public ReadOnlySpan<AttentionSpan> Spans => _spans.AsSpan(0, _spanCount);

    /// <summary>All tokens of each sequence that has a recurrent state, prompt and generated ones together.</summary>
    public ReadOnlySpan<RecurrentSpan> RecurrentSpans => _recurrentSpans.AsSpan(0, _recurrentCount);

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, _logitCount);

    /// <summary>Whether a span's tokens belong to a prompt (they may take another, equal form of attention than generated ones).</summary>
    public bool IsPrompt(int span) => _promptSpans[span];

    /// <summary>Whether any token belongs to a prompt.</summary>
    public bool HasPrompt => _promptSpans.AsSpan(0, _spanCount).Contains(true);

    public void Clear()
    {
        Count = 0;
        _spanCount = 0;
        _recurrentCount = 0;
        _logitCount = 0;
    }

    /// <summary>Adds consecutive tokens of a sequence, whose pages must reach past the last of them and whose state must be the one before the first.</summary>
    public void Add(ReadOnlySpan<int> tokens, int firstPosition, SequencePages pages, bool isPrompt)
    {
        Debug.Assert(Count + tokens.Length <= MaxTokens);
        _spans[_spanCount] = new AttentionSpan(Count, tokens.Length, firstPosition, pages.Table);
        if (pages.State is { } state)
        {
            AddRecurrent(tokens.Length, firstPosition, state);
        }

        _promptSpans[_spanCount] = isPrompt;
        for (var i = 0; i < tokens.Length; i++)
        {
            _tokens[Count] = tokens[i];
            _positions[Count] = firstPosition + i;
            _spanOfRow[Count++] = _spanCount;
        }

        _spanCount++;
    }

    // Spans of one sequence follow each other: its recurrence takes them as one.
    private void AddRecurrent(int tokens, int firstPosition, SequenceState state)
    {
        if (_recurrentCount > 0 && ReferenceEquals(_recurrentSpans[_recurrentCount - 1].State, state.Values))
        {
            ref var last = ref _recurrentSpans[_recurrentCount - 1];
            last = last with { Count = last.Count + tokens };
            return;
        }

        _recurrentSpans[_recurrentCount++] = new RecurrentSpan(Count, tokens, state.Values, state.Saved, Math.Max(0, state.SaveAt - firstPosition));
    }

    /// <summary>Asks for the logits of a row.</summary>
    public void WantLogits(int row) => _logitRows[_logitCount++] = row;
}
