using System.Text;
using Crescent.Engine.KvCache;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Runtime;

/// <summary>One growing list of tokens: a prompt and what the model adds to it. Owned by its <see cref="Generator"/>.</summary>
public sealed class Sequence
{
    private readonly HashSet<int> _stopTokens;
    private readonly StopStringMatcher _stopStrings;
    private readonly TokenStreamDecoder? _decoder;
    private readonly StringBuilder _text = new();
    private int[] _tokens;

    internal Sequence(GenerationRequest request, SequencePages pages, Sampler sampler, Tokenizer? tokenizer, int context)
    {
        Request = request;
        Pages = pages;
        Sampler = sampler;
        PromptLength = request.Prompt.Count;
        MaxLength = (int)Math.Min(context, (long)PromptLength + request.MaxTokens);
        _tokens = new int[Math.Min(MaxLength, PromptLength + 1024) + 1];
        for (var i = 0; i < PromptLength; i++)
        {
            _tokens[i] = request.Prompt[i];
        }

        Length = PromptLength;
        _stopTokens = [.. request.StopTokens];
        _stopStrings = new StopStringMatcher(request.StopStrings);
        _decoder = tokenizer is null ? null : new TokenStreamDecoder(tokenizer, request.ShowSpecial, startOfText: false);
    }

    public GenerationRequest Request { get; }

    public int PromptLength { get; }

    /// <summary>Prompt and generated tokens.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Length);

    public ReadOnlySpan<int> GeneratedTokens => _tokens.AsSpan(PromptLength, Length - PromptLength);

    /// <summary>Prompt tokens that were found in the cache.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>Prompt tokens whose cache came from a snapshot for this sequence; they are among <see cref="CachedTokens"/>.</summary>
    public int RestoredTokens { get; internal set; }

    /// <summary>Time that finding and reading the snapshot took.</summary>
    public TimeSpan RestoreTime { get; internal set; }

    /// <summary>Null while the sequence runs.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>What went wrong, where <see cref="FinishReason"/> is Failed; or Length, for want of memory.</summary>
    public string? Error { get; private set; }

    /// <summary>Seed of the sampler, to repeat the answer.</summary>
    public ulong Seed => Sampler.Seed;

    /// <summary>Log-probabilities of the generated tokens; none where they were not asked for.</summary>
    public IReadOnlyList<ScoredToken> GeneratedScores => Scores?.Generated ?? [];

    /// <summary>Log-probabilities of the prompt's tokens, null for the first; none where they were not asked for.</summary>
    public IReadOnlyList<ScoredToken?> PromptScores => Scores?.Prompt ?? [];

    /// <summary>The prompt's embedding, of length one: [hidden]. Null where it was not asked for, and while it is not complete.</summary>
    public float[]? Embedding { get; internal set; }

    /// <summary>Tokens that were computed ahead on a guess.</summary>
    public int DraftedTokens { get; internal set; }

    /// <summary>Of them, those that were chosen then.</summary>
    public int AcceptedTokens { get; internal set; }

    /// <summary>Guesses how the sequence goes on; null until it may.</summary>
    internal Drafter? Drafter { get; set; }

    internal TokenScores? Scores { get; init; }

    /// <summary>What becomes <see cref="Embedding"/>.</summary>
    internal PromptEmbedding? EmbeddingSum { get; init; }

    /// <summary>Whether every position of the prompt must be computed: what is found in the cache has no logits and no hidden states.</summary>
    internal bool NeedsWholePrompt => Scores is { CoversPrompt: true } || EmbeddingSum is not null;

    internal int Length { get; private set; }

    /// <summary>Tokens whose keys and values are stored.</summary>
    internal int Computed { get; set; }

    /// <summary>Positions that were computed before the current step.</summary>
    internal int ComputedBeforeStep { get; set; }

    internal int MaxLength { get; }

    /// <summary>Tokens of whole pages to write to a snapshot once they are computed; 0 for none.</summary>
    internal int SnapshotLength { get; set; }

    internal SequencePages Pages { get; }

    internal Sampler Sampler { get; }

    /// <summary>The text that has become certain since the last call.</summary>
    public string TakeText()
    {
        var text = _text.ToString();
        _text.Clear();
        return text;
    }

    /// <summary>Adds a sampled token: its text, and the end where it brings one.</summary>
    internal void Append(int token)
    {
        if (_stopTokens.Contains(token))
        {
            Finish(Runtime.FinishReason.Stop);
            return;
        }

        EnsureRoom(1);
        _tokens[Length++] = token;
        Scores?.Add(token);
        if (_decoder is not null && _stopStrings.Push(_decoder.Push(token), _text))
        {
            Finish(Runtime.FinishReason.Stop);
        }
        else if (Length >= MaxLength)
        {
            Finish(Runtime.FinishReason.Length);
        }
    }

    /// <summary>The last token with guessed ones after it, to be computed in one step. The guess is forgotten as soon as a token is added.</summary>
    internal ReadOnlySpan<int> WithDraft(ReadOnlySpan<int> draft)
    {
        EnsureRoom(draft.Length);
        draft.CopyTo(_tokens.AsSpan(Length));
        return _tokens.AsSpan(Length - 1, draft.Length + 1);
    }

    /// <summary>How many of some tokens come before the first that ends the answer.</summary>
    internal int CountBeforeStop(ReadOnlySpan<int> tokens)
    {
        var count = 0;
        while (count < tokens.Length && !_stopTokens.Contains(tokens[count]))
        {
            count++;
        }

        return count;
    }

    /// <summary>Ends the answer as a stop token does after so many of its tokens; those that the last step brought beyond them are dropped.</summary>
    internal void StopAt(int generated)
    {
        var length = PromptLength + generated;
        if (length < Length)
        {
            Length = length;
            Computed = Math.Min(Computed, length - 1);
            Scores?.CutBack(generated);
            (FinishReason, Error) = (null, null);
        }

        Finish(Runtime.FinishReason.Stop);
    }

    private void EnsureRoom(int count)
    {
        if (Length + count > _tokens.Length)
        {
            Array.Resize(ref _tokens, Math.Min(MaxLength + 1, Math.Max(Length + count, _tokens.Length * 2)));
        }
    }

    internal void Finish(FinishReason reason, string? error = null)
    {
        if (FinishReason is not null)
        {
            return;
        }

        FinishReason = reason;
        Error = error;
        // After a stop string the text is cut; otherwise what was held back is part of the answer.
        if (_decoder is not null && !_stopStrings.HasStopped)
        {
            if (!_stopStrings.Push(_decoder.Flush(), _text))
            {
                _stopStrings.Flush(_text);
            }
        }
    }
}
