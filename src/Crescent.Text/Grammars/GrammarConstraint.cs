using System.Diagnostics.CodeAnalysis;

namespace Crescent.Text.Grammars;

/// <summary>
/// Keeps one answer within a grammar. A token may follow only if what it leaves open can be closed in the tokens that then remain, the stop token after it included
/// (but for free text, which may run out); so an answer is complete whenever its tokens run out. Of control tokens only those that the grammar names may follow, and the stop tokens once the text is complete.
/// </summary>
public sealed class GrammarConstraint : ITokenConstraint
{
    private readonly CompiledGrammar _grammar;
    private readonly GrammarVocabulary _vocabulary;
    private readonly int[] _stopTokens;
    private readonly GrammarReading _reading;
    private readonly int[] _ends = new int[257];   // [depth + 1], ends of the sets along a walk; at 0 the beginning of the first
    private int _count;                            // places of the current set, the first of the reading

    internal GrammarConstraint(CompiledGrammar grammar, IReadOnlyCollection<int> stopTokens, int maxTokens)
    {
        ArgumentNullException.ThrowIfNull(stopTokens);
        _grammar = grammar;
        _vocabulary = grammar.Vocabulary;
        _stopTokens = [.. stopTokens.Where(token => token >= 0 && token < _vocabulary.Size)];
        if (_stopTokens.Length == 0)
        {
            throw new ArgumentException("a grammar needs a token that ends the answer, and the model names none", nameof(stopTokens));
        }

        if (maxTokens < grammar.TokensNeeded)
        {
            throw new ArgumentException($"the shortest answer that the grammar allows needs {grammar.TokensNeeded} tokens, its stop token included, and may have {maxTokens}", nameof(maxTokens));
        }

        _reading = new GrammarReading(grammar);
        _reading.Begin();
        _count = _reading.Count;
    }

    /// <inheritdoc/>
    public int TokensNeeded => IsFinished ? 0 : _reading.Cost(0, _count) + _grammar.EndTokens;

    /// <summary>Whether the text so far is complete by the grammar.</summary>
    public bool IsComplete
    {
        get
        {
            for (var i = 0; i < _count; i++)
            {
                if (_reading[i].Reader == GrammarConfig.Complete)
                {
                    return true;
                }
            }

            return IsFinished;
        }
    }

    /// <summary>Whether a stop token has ended the answer.</summary>
    public bool IsFinished { get; private set; }

    /// <inheritdoc/>
    public bool TryFill(Span<ulong> mask, int tokensLeft)
    {
        if (mask.Length < (_vocabulary.Size + 63) / 64)
        {
            ThrowMask(mask.Length);
        }

        mask.Clear();
        // What may remain after this token, the stop token aside.
        var budget = tokensLeft - 1 - _grammar.EndTokens;
        for (var i = 0; i < _count; i++)
        {
            var config = _reading[i];
            if (config.Reader == GrammarConfig.Complete)
            {
                Allow(mask, _stopTokens);
            }
            else
            {
                Fill(mask, config, budget);
            }
        }

        if (IsFinished)
        {
            Allow(mask, _stopTokens);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Accept(int token)
    {
        if (!TryAccept(token))
        {
            ThrowToken(token);
        }
    }

    /// <summary>Takes a token, unless the grammar does not allow it.</summary>
    public bool TryAccept(int token)
    {
        if ((uint)token >= (uint)_vocabulary.Size)
        {
            return false;
        }

        if (_stopTokens.AsSpan().Contains(token) && IsComplete)
        {
            IsFinished = true;
            _reading.CutBack(_count = 0);
            return true;
        }

        var (start, end) = Advance(0, _count, token);
        if (start == end)
        {
            _reading.CutBack(_count);
            return false;
        }

        _reading.KeepFrom(start);
        _count = _reading.Count;
        return true;
    }

    /// <inheritdoc/>
    public int CountAllowed(ReadOnlySpan<int> tokens)
    {
        var (start, end, count) = (0, _count, 0);
        try
        {
            for (; count < tokens.Length && (uint)tokens[count] < (uint)_vocabulary.Size; count++)
            {
                (start, end) = Advance(start, end, tokens[count]);
                if (start == end)
                {
                    break;
                }
            }
        }
        catch (NotSupportedException)
        {
            // Too many ways to read it: whoever takes these tokens is told.
        }
        finally
        {
            _reading.CutBack(_count);
        }

        return count;
    }

    // The set after a token, appended; empty where it does not fit.
    private (int Start, int End) Advance(int start, int end, int token)
    {
        if (_vocabulary.Bytes(token) is { IsEmpty: false } bytes)
        {
            foreach (var value in bytes)
            {
                _reading.Advance(start, end, value);
                (start, end) = (end, _reading.Count);
            }

            return (start, end);
        }

        _reading.AdvanceMarker(start, end, token);
        return (end, _reading.Count);
    }

    private void Fill(Span<ulong> mask, GrammarConfig config, int budget)
    {
        var after = _reading.CostAfter(config);
        if (config.Reader < 0)
        {
            if (after <= budget)
            {
                Allow(mask, _grammar.Markers[config.Markers]);
            }

            return;
        }

        var masks = _grammar.Lexemes[config.Reader];
        foreach (var (cost, tokens) in masks.Mask(config.State).Groups)
        {
            if (cost + after > budget)
            {
                break;
            }

            tokens.AddTo(mask);
        }

        if (masks.Lexeme.Markers.Count > 0 && masks.Cost(config.State) + after <= budget)
        {
            Allow(mask, masks.Lexeme.Markers);
        }

        FillExits(mask, config, masks, budget);
    }

    // Tokens that end the lexeme and go on after it.
    private void FillExits(Span<ulong> mask, GrammarConfig config, LexemeMasks masks, int budget)
    {
        _reading.Leave(config);
        var (start, end) = (_count, _reading.Count);
        if (ReadsBytes(start, end))
        {
            var exits = masks.Exits(config.State);
            foreach (var value in exits.Bytes)
            {
                _reading.Advance(start, end, value);
                if (_reading.Count > end)
                {
                    Walk(mask, exits.After(value), end, budget);
                }

                _reading.CutBack(end);
            }
        }

        _reading.CutBack(_count);
    }

    // The set after the root's byte is the last one, from an index on.
    private void Walk(Span<ulong> mask, SuffixTrie suffixes, int first, int budget)
    {
        (_ends[0], _ends[1]) = (first, _reading.Count);
        for (var node = 0; node < suffixes.Count;)
        {
            var depth = suffixes.Depth(node);
            if (depth > 1)
            {
                _reading.CutBack(_ends[depth - 1]);
                _reading.Advance(_ends[depth - 2], _ends[depth - 1], suffixes.Label(node));
                _ends[depth] = _reading.Count;
            }

            if (_ends[depth] == _ends[depth - 1])
            {
                node = suffixes.End(node);
                continue;
            }

            var tokens = suffixes.Tokens(node);
            if (!tokens.IsEmpty && _reading.Cost(_ends[depth - 1], _ends[depth]) <= budget)
            {
                foreach (var token in tokens)
                {
                    mask[token >> 6] |= 1UL << (token & 63);
                }
            }

            node++;
        }
    }

    private bool ReadsBytes(int start, int end)
    {
        for (var i = start; i < end; i++)
        {
            if (_reading[i].Reader >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static void Allow(Span<ulong> mask, IReadOnlyList<int> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            mask[tokens[i] >> 6] |= 1UL << (tokens[i] & 63);
        }
    }

    [DoesNotReturn]
    private void ThrowMask(int words) =>
        throw new ArgumentException($"mask: expected at least {(_vocabulary.Size + 63) / 64} words for {_vocabulary.Size} tokens, found {words}");

    [DoesNotReturn]
    private static void ThrowToken(int token) => throw new ArgumentException($"token {token}: the grammar does not allow it here", nameof(token));
}
