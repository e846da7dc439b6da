using Crescent.Engine.KvCache;
using Crescent.Engine.KvCache.Snapshots;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Engine.Weights;
using Crescent.Kernels.Elementwise;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Runtime;

/// <summary>
/// The one decode loop: schedule, forward, sample, append, decode. Every answer, streamed or not, of one sequence or many, comes out of
/// <see cref="Step"/>. Used by one thread at a time.
/// </summary>
public sealed class Generator : IDisposable
{
    private readonly LanguageModel _model;
    private readonly Tokenizer? _tokenizer;
    private readonly PagePool _pool;
    private readonly PrefixSnapshots? _snapshots;
    private readonly Scheduler _scheduler;
    private readonly Speculator? _speculator;
    private readonly ulong[] _mask; // [vocab / 64], tokens that a constraint allows

    /// <param name="tokenizer">Turns tokens into text; null where only ids are wanted.</param>
    public Generator(LanguageModel model, Tokenizer? tokenizer, GeneratorOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Context, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Speculation?.MostTokens ?? 1, 1);
        _model = model;
        _tokenizer = tokenizer;
        Context = options.Context;
        _mask = new ulong[(model.Shape.Vocab + 63) / 64];
        var pages = (long)PagePool.PagesFor(options.Context) * options.MaxSequences;
        _pool = new PagePool(model.CacheLayout, options.MaxCachePages > 0 ? options.MaxCachePages : (int)Math.Min(pages, int.MaxValue), Math.Max(PagePool.DefaultKeptStates, 2 * options.MaxSequences), model.ClaimMemory);
        _snapshots = options.Snapshots is { } store ? new PrefixSnapshots(_pool, store) : null;
        _speculator = options.Speculation is { } speculation ? new Speculator(model, speculation) : null;
        _scheduler = new Scheduler(_pool, options.MaxSequences, options.Chunk > 0 ? options.Chunk : model.Batch.MaxTokens, _snapshots, options.BusyChunk, _speculator);
    }

    /// <summary>Most tokens of a sequence, prompt and answer.</summary>
    public int Context { get; }

    /// <summary>Tokens of the last step.</summary>
    public int LastStepTokens { get; private set; }

    /// <summary>Bytes of managed memory that the last step allocated between its schedule and its sampled ids. Zero once a model has warmed up.</summary>
    public long LastStepAllocatedBytes { get; private set; }

    public PagePool Pages => _pool;

    /// <summary>Queues an answer. Its tokens appear as <see cref="Step"/> is called.</summary>
    /// <exception cref="ArgumentException">The prompt is empty, leaves no room in the context, or holds ids outside the vocabulary.</exception>
    public Sequence Add(GenerationRequest request)
    {
        if (request.Prompt.Count == 0)
        {
            throw new ArgumentException("expected a prompt of at least one token, found none", nameof(request));
        }

        if (request.Prompt.Count >= Context)
        {
            throw new ArgumentException(
                $"the prompt has {request.Prompt.Count} tokens and leaves no room for an answer in a context of {Context}; shorten it or raise the context", nameof(request));
        }

        foreach (var token in request.Prompt)
        {
            if ((uint)token >= (uint)_model.Shape.Vocab)
            {
                throw new ArgumentException($"the prompt holds token id {token}, outside the vocabulary of {_model.Shape.Vocab}", nameof(request));
            }
        }

        var room = Math.Min(request.MaxTokens, Context - request.Prompt.Count);
        if (request.MaxTokens > 0 && request.Constraint?.TokensNeeded > room)
        {
            throw new ArgumentException(
                $"the shortest answer that the constraint allows needs {request.Constraint.TokensNeeded} tokens, the one that ends it included, and there is room for {room}", nameof(request));
        }

        var sequence = new Sequence(request, new SequencePages(_pool, request.Prompt.Count), new Sampler(request.Sampling, _model.Shape.Vocab), _tokenizer, Context)
        {
            EmbeddingSum = request.EmbedPrompt ? new PromptEmbedding(_model.Shape.Hidden) : null,
            Scores = request.TopScores is { } top ? new TokenScores(_model.Shape.Vocab, top, request.ScorePrompt ? request.Prompt.Count : 0) : null,
        };
        if (request.MaxTokens <= 0 && !request.EmbedPrompt)
        {
            sequence.Finish(FinishReason.Length);
            return sequence;
        }

        _scheduler.Add(sequence);
        return sequence;
    }

    /// <summary>Ends a sequence at the next step.</summary>
    public static void Cancel(Sequence sequence) => sequence.Finish(FinishReason.Cancelled);

    /// <summary>Ends a sequence as a stop token does, before the next step: its caller found a stop string.</summary>
    /// <param name="generated">Tokens of the answer up to it: the last step may have brought more.</param>
    public static void Stop(Sequence sequence, int generated) => sequence.StopAt(generated);

    /// <summary>
    /// One step of everything that is queued; false when nothing is left to do. Where it is cut short by <see cref="LanguageModel.Cancellation"/>, its sequences are cancelled.
    /// </summary>
    public bool Step()
    {
        var batch = _model.Batch;
        _snapshots?.Collect();
        if (!_scheduler.Next(batch))
        {
            LastStepTokens = 0;
            return !_scheduler.IsIdle;
        }

        LastStepTokens = batch.Count;
        _speculator?.BeginStep();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            _model.Forward();
        }
        catch (WeightReadException exception)
        {
            _scheduler.Abandon(FinishReason.Failed, exception.Message);
            return true;
        }
        catch (OperationCanceledException) when (_model.Cancellation.IsCancellationRequested)
        {
            _scheduler.Abandon(FinishReason.Cancelled);
            return true;
        }

        LastStepAllocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        _speculator?.EndStep(batch.HasPrompt ? 0 : batch.Count);
        Embed();
        for (var i = 0; i < _scheduler.Rows.Count; i++)
        {
            Take(_scheduler.Rows[i], i);
        }

        return true;
    }

    /// <summary>Runs until a sequence ends or the caller gives up.</summary>
    public void Run(Sequence sequence, CancellationToken cancellation = default)
    {
        _model.Cancellation = cancellation;
        while (sequence.FinishReason is null)
        {
            if (cancellation.IsCancellationRequested)
            {
                Cancel(sequence);
            }

            Step();
        }
    }

    /// <summary>Waits until snapshots that are being written are on the drive.</summary>
    public void Dispose()
    {
        _snapshots?.Dispose();
        _pool.Dispose();
    }

    private void Embed()
    {
        for (var i = 0; i < _scheduler.Embedded.Count; i++)
        {
            var (sequence, firstRow, count) = _scheduler.Embedded[i];
            sequence.EmbeddingSum!.Add(_model, firstRow, count);
            if (sequence.Computed < sequence.PromptLength)
            {
                continue;
            }

            sequence.Embedding = sequence.EmbeddingSum.ToUnit();
            var error = sequence.Embedding is null ? "the model's hidden states of the prompt are not finite: the checkpoint is damaged, or its values overflow; try --kv-type f32" : null;
            sequence.Finish(error is null ? FinishReason.Stop : FinishReason.Failed, error);
        }
    }

    // The answer has begun: what is written now delays no first token.
    private void StorePrefix(Sequence sequence)
    {
        if (sequence.SnapshotLength is > 0 and var length)
        {
            sequence.SnapshotLength = 0;
            _snapshots!.Save(sequence.Pages, sequence.Tokens, length);
        }
    }

    private void Take(in LogitRow row, int index)
    {
        var sequence = row.Sequence;
        if (row.IsSampled)
        {
            Extend(row, index);
        }
        else if (_model.LogitsOf(index) is var logits && VectorMath.AllFinite(logits))
        {
            sequence.Scores!.AddPrompt(row.Position + 1, sequence.Tokens[row.Position + 1], logits);
        }

        StorePrefix(sequence);
    }

    // Rows after guessed tokens count as far as the guesses are what was chosen.
    private void Extend(in LogitRow row, int index)
    {
        var sequence = row.Sequence;
        var batch = _model.Batch;
        var isDraft = row.Position >= sequence.Computed;
        if (isDraft && (sequence.FinishReason is not null || row.Position != sequence.Length - 1 || batch.Tokens[batch.LogitRows[index]] != sequence.Tokens[^1]))
        {
            return;
        }

        if (isDraft)
        {
            sequence.Computed = row.Position + 1;
            sequence.AcceptedTokens++;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var id = Sample(sequence, _model.LogitsOf(index));
        LastStepAllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
        if (id >= 0)
        {
            sequence.Drafter?.Learn(id);
            sequence.Append(id);
        }
    }

    // The sampled id, or −1 where the sequence has ended for want of finite logits or of a token to choose, or by its caller.
    private int Sample(Sequence sequence, Span<float> logits)
    {
        if (sequence.FinishReason is not null)
        {
            return -1;
        }

        if (!VectorMath.AllFinite(logits))
        {
            sequence.Finish(
                FinishReason.Failed,
                $"the model's logits at position {sequence.Length - 1} are not finite: the checkpoint is damaged, or its values overflow; try --kv-type f32");
            return -1;
        }

        sequence.Scores?.Observe(logits);
        try
        {
            var constraint = sequence.Request.Constraint;
            var isMasked = constraint?.TryFill(_mask, sequence.MaxLength - sequence.Length) ?? false;
            var id = sequence.Sampler.Sample(logits, sequence.Tokens, isMasked ? _mask : default(ReadOnlySpan<ulong>));
            constraint?.Accept(id);
            return id;
        }
        catch (Exception exception) when (exception is ArithmeticException or NotSupportedException)
        {
            sequence.Finish(FinishReason.Failed, $"position {sequence.Length - 1}: {exception.Message}");
            return -1;
        }
    }
}
