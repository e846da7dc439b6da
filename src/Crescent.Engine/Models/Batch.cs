using System.Diagnostics;
using Crescent.Kernels.Attention;

namespace Crescent.Engine.Models;

/// <summary>The tokens of one step: consecutive tokens of one or more sequences, and which rows' logits are wanted. Reused from step to step.</summary>
public sealed class Batch
{
    private readonly int[] _tokens;
    private readonly int[] _positions;
    private readonly int[] _spanOfRow;
    private readonly AttentionSpan[] _spans;
    private readonly bool[] _promptSpans;
    private readonly int[] _logitRows;
    private int _spanCount;
    private int _logitCount;

    /// <param name="maxTokens">Most tokens of a step.</param>
    public Batch(int maxTokens)
    {
        _tokens = new int[maxTokens];
        _positions = new int[maxTokens];
        _spanOfRow = new int[maxTokens];
        _spans = new AttentionSpan[maxTokens];
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

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, _logitCount);

    /// <summary>Whether a span's tokens belong to a prompt (they may take another, equal form of attention than generated ones).</summary>
    public bool IsPrompt(int span) => _promptSpans[span];

    public void Clear()
    {
        Count = 0;
        _spanCount = 0;
        _logitCount = 0;
    }

    /// <summary>Adds consecutive tokens of a sequence, whose pages must reach past the last of them.</summary>
    public void Add(ReadOnlySpan<int> tokens, int firstPosition, Crescent.Kernels.Memory.ByteRegion[] pages, bool isPrompt)
    {
        Debug.Assert(Count + tokens.Length <= MaxTokens);
        _spans[_spanCount] = new AttentionSpan(Count, tokens.Length, firstPosition, pages);
        _promptSpans[_spanCount] = isPrompt;
        for (var i = 0; i < tokens.Length; i++)
        {
            _tokens[Count] = tokens[i];
            _positions[Count] = firstPosition + i;
            _spanOfRow[Count++] = _spanCount;
        }

        _spanCount++;
    }

    /// <summary>Asks for the logits of a row.</summary>
    public void WantLogits(int row) => _logitRows[_logitCount++] = row;
}
