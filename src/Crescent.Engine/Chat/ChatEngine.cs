using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Text.Answers;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Chat;

/// <summary>
/// Answers requests of many clients with one model: a thread of its own steps the <see cref="Generator"/>, requests come from any thread, and each reads its
/// answer as it grows. Requests take their turns in the order of their coming. Idle, it takes no processor time.
/// </summary>
public sealed class ChatEngine : IDisposable
{
    private readonly LanguageModel _model;
    private readonly ChatEngineOptions _options;
    private readonly Generator _generator;
    private readonly HashSet<int> _stopTokens;
    private readonly AnswerGrammars _grammars;
    private readonly MemoryMonitor _memory;
    private readonly Thread _thread;
    private readonly object _gate = new(); // guards what follows
    private readonly LinkedList<ChatAnswer> _queue = new();
    private readonly List<ChatAnswer> _active = []; // begun and not ended; in the order of their turns
    private readonly ChatChoice?[] _slots;
    private readonly ChatTotals _totals = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _step = new();
    private long _nextId = 1;
    private bool _isStopping;
    private bool _isDisposed;
    private ChatException? _failure; // after it nothing runs any more

    /// <param name="template">How the model's family writes conversations and answers.</param>
    public ChatEngine(LanguageModel model, Tokenizer tokenizer, ChatTemplate template, ChatEngineOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallel, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Queue);
        (_model, Tokenizer, Template, _options) = (model, tokenizer, template, options);
        _stopTokens = [.. tokenizer.StopIds, .. template.StopNames.Select(tokenizer.FindMarker).OfType<int>()];
        _grammars = new AnswerGrammars(tokenizer, template);
        _memory = new MemoryMonitor(model, options.Time);
        _slots = new ChatChoice?[options.Parallel];
        _generator = new Generator(model, null, new GeneratorOptions
        {
            Context = options.Context,
            MaxSequences = options.Parallel,
            BusyChunk = options.BusyChunk,
            MaxCachePages = options.MaxCachePages,
            Snapshots = options.Snapshots,
        });
        _thread = new Thread(Run) { IsBackground = true, Name = "chat engine" };
        _thread.Start();
    }

    public Tokenizer Tokenizer { get; }

    public ChatTemplate Template { get; }

    /// <summary>The model's architecture as its file names it.</summary>
    public string Architecture => _model.Shape.Architecture;

    /// <summary>Most tokens of a sequence, prompt and answer.</summary>
    public int Context => _options.Context;

    /// <summary>Number of tokens that the model knows.</summary>
    public int Vocabulary => _model.Shape.Vocab;

    /// <summary>Numbers of an embedding.</summary>
    public int EmbeddingLength => _model.Shape.Hidden;

    public ChatEngineOptions Options => _options;

    /// <summary>A conversation as the model gets it.</summary>
    /// <exception cref="NotSupportedException">The template has no syntax for tools.</exception>
    /// <exception cref="ArgumentException">A tool or a call is not valid Unicode.</exception>
    public int[] Encode(PromptRequest conversation) => Encode(Template.Render(conversation));

    /// <summary>A rendered prompt as the model gets it. One without a token begins with the model's start token, else with its end of text.</summary>
    public int[] Encode(IReadOnlyList<PromptSegment> segments) =>
        PromptEncoder.Encode(segments, Tokenizer) is { Length: > 0 } ids ? ids : [.. new[] { Tokenizer.BosId ?? Tokenizer.EosId }.OfType<int>()];

    /// <summary>The grammar that binds answers to a form; null where every token may follow.</summary>
    /// <exception cref="NotSupportedException">What is asked for cannot be kept.</exception>
    /// <exception cref="ArgumentException">A schema or a tool is malformed.</exception>
    public CompiledGrammar? Bind(PromptRequest conversation, AnswerForm form) => _grammars.Create(conversation, form);

    /// <summary>Tokens at a prompt's beginning whose cache is worth storing for other conversations; 0 where nothing is stored.</summary>
    /// <param name="ids">The conversation as <see cref="Encode"/> gives it.</param>
    public int StoredPrefix(PromptRequest conversation, int[] ids) =>
        _options.Snapshots is { } snapshots && ids.Length >= snapshots.Options.LeastTokens ? SharedPrefix.Count(Template, conversation, Tokenizer, ids) : 0;

    /// <summary>Queues a request.</summary>
    /// <exception cref="ChatException">There is no room for it in the queue or in the context, or the engine is stopping.</exception>
    /// <exception cref="ArgumentException">A token is outside the vocabulary, or a number out of its range.</exception>
    public ChatAnswer Submit(ChatRequest request, CancellationToken cancellation = default)
    {
        Check(request);
        lock (_gate)
        {
            if (_failure is not null || _isStopping)
            {
                throw _failure ?? new ChatException(ChatFailure.Stopping, "the server is shutting down");
            }

            if (_queue.Count + _active.Count >= _options.Parallel + _options.Queue)
            {
                throw new ChatException(ChatFailure.QueueFull, $"{_queue.Count} requests are waiting, as many as may: try again later", _totals.RetryAfter(_queue.Count, _options.Parallel));
            }

            var answer = new ChatAnswer(request, _nextId++, _options.Time.GetTimestamp(), OnCancelled, cancellation);
            _queue.AddLast(answer);
            Monitor.Pulse(_gate);
            return answer;
        }
    }

    /// <summary>Requests that have no whole answer yet.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count + _active.Count;
            }
        }
    }

    /// <summary>What runs, what waits, and what was done so far.</summary>
    public ChatStatus Status()
    {
        lock (_gate)
        {
            var slots = _slots.Select((choice, id) => choice is null
                ? new ChatSlot(id, null, 0, 0, 0)
                : new ChatSlot(id, choice.Answer.Id, choice.Answer.Request.Prompt.Count, choice.Generated, Math.Min(choice.Answer.Request.MaxTokens, Context - choice.Answer.Request.Prompt.Count) - choice.Generated));
            return _totals.Status([.. slots], _queue.Count);
        }
    }

    /// <summary>Where the model's weights are.</summary>
    public ModelMemory Memory() => _memory.Read();

    /// <summary>Refuses new requests, lets running answers end, and cancels what runs after the limit.</summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        lock (_gate)
        {
            _isStopping = true;
            RefuseQueue(new ChatException(ChatFailure.Stopping, "the server is shutting down"));
            Monitor.Pulse(_gate);
        }

        try
        {
            await _ended.Task.WaitAsync(limit, _options.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Stop();
            await _ended.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Cancels what runs, and ends the engine's thread.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Stop();
        _thread.Join();
        _generator.Dispose();
        _step.Dispose();
    }

    private void Check(ChatRequest request)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Choices, 1);
        if (request.Prompt.Count == 0)
        {
            throw new ArgumentException("expected a prompt of at least one token, found none", nameof(request));
        }

        if (request.Prompt.Count >= Context)
        {
            throw new ChatException(
                ChatFailure.ContextLength,
                $"This model's maximum context length is {Context} tokens, and the prompt has {request.Prompt.Count}: it leaves no room for an answer. Shorten it, or start the server with a larger context.");
        }

        var room = Math.Min(request.MaxTokens, Context - request.Prompt.Count);
        if (request.Grammar is { } grammar && grammar.TokensNeeded > room)
        {
            throw new ArgumentException($"the shortest answer of the form that is asked for needs {grammar.TokensNeeded} tokens, its end included, and there is room for {room}");
        }

        CheckTokens(request.Prompt, "the prompt");
        CheckTokens(request.Sampling.LogitBias.Keys, "logit_bias");
    }

    private void CheckTokens(IEnumerable<int> ids, string what)
    {
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)Vocabulary)
            {
                throw new ArgumentException($"{what} holds token id {id}, outside the vocabulary of {Vocabulary}");
            }
        }
    }

    private void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
            var reason = new ChatException(ChatFailure.Stopping, "the server is shutting down");
            RefuseQueue(reason);
            foreach (var answer in _active.ToArray())
            {
                answer.Complete(reason);
                answer.Cancel();
            }

            Monitor.Pulse(_gate);
        }
    }

    private void RefuseQueue(ChatException reason)
    {
        foreach (var answer in _queue)
        {
            answer.Complete(reason);
        }

        _queue.Clear();
    }

    // A step that waits for the drive ends where nobody wants its result any more.
    private void OnCancelled()
    {
        lock (_gate)
        {
            if (_active.Count > 0 && _active.TrueForAll(answer => answer.IsCancelled))
            {
                _step.Cancel();
            }

            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        try
        {
            var isBusy = false;
            while (Wait(isBusy))
            {
                isBusy = Step();
                Observe();
            }
        }
        catch (Exception exception)
        {
            // Whatever went wrong, what the generator holds is in doubt: requests end with the error instead of waiting for ever.
            Fail(new ChatException(ChatFailure.Failed, $"the engine stopped: {exception.GetType().Name}: {exception.Message}", inner: exception));
        }

        _ended.TrySetResult();
    }

    // Admits what may run; false once there will be no more.
    private bool Wait(bool isBusy)
    {
        lock (_gate)
        {
            while (true)
            {
                DropCancelled();
                Admit();
                if (_active.Count > 0 || isBusy)
                {
                    return true;
                }

                if (_isStopping)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    private bool Step()
    {
        RenewCancellation();
        _model.Cancellation = _step.Token;
        _memory.Sample();
        var isBusy = _generator.Step();
        _memory.Sample();
        lock (_gate)
        {
            _totals.AddStep(_slots.Count(slot => slot is not null), _generator.LastStepTokens);
        }

        return isBusy;
    }

    private void RenewCancellation()
    {
        lock (_gate)
        {
            if (_step.IsCancellationRequested)
            {
                _step.Dispose();
                _step = new CancellationTokenSource();
            }
        }
    }

    private void Observe()
    {
        lock (_gate)
        {
            DropCancelled();
            for (var i = _active.Count - 1; i >= 0; i--)
            {
                Observe(_active[i]);
                if (_active[i].HasEnded)
                {
                    _active[i].Complete();
                    _active.RemoveAt(i);
                }
            }
        }
    }

    private void Observe(ChatAnswer answer)
    {
        var isLate = _options.Time.GetElapsedTime(answer.Began) > _options.AnswerTimeout;
        foreach (var choice in answer.Running)
        {
            if (choice.Observe(isLate) is { } failure)
            {
                answer.Complete(failure);
                Abandon(answer);
                return;
            }

            if (choice.HasEnded)
            {
                _slots[choice.Slot] = null;
                _totals.AddAnswer(choice.Usage, choice.Timings);
            }
        }

        answer.Running.RemoveAll(choice => choice.HasEnded);
    }

    // Siblings of what runs come first: their prompt is in the cache. Then the queue, in order.
    private void Admit()
    {
        foreach (var answer in _active)
        {
            BeginChoices(answer);
        }

        while (_queue.First is { Value: var next })
        {
            if (_options.Time.GetElapsedTime(next.Arrived) > _options.QueueTimeout)
            {
                _queue.RemoveFirst();
                next.Complete(new ChatException(ChatFailure.QueueTimeout, $"the request waited longer than {_options.QueueTimeout.TotalSeconds:0} s for its turn", _totals.RetryAfter(_queue.Count, _options.Parallel)));
                continue;
            }

            if (!Array.Exists(_slots, slot => slot is null))
            {
                return;
            }

            _queue.RemoveFirst();
            next.Began = _options.Time.GetTimestamp();
            _active.Add(next);
            BeginChoices(next);
        }
    }

    private void BeginChoices(ChatAnswer answer)
    {
        while (answer.Begun < answer.Request.Choices && (answer.Begun == 0 || answer.HasPrompt) && Array.IndexOf(_slots, null) is >= 0 and var slot)
        {
            var choice = Begin(answer, answer.Begun++, slot);
            answer.Running.Add(choice);
            _slots[slot] = choice;
        }
    }

    private ChatChoice Begin(ChatAnswer answer, int index, int slot)
    {
        var request = answer.Request;
        var sequence = _generator.Add(new GenerationRequest
        {
            Prompt = request.Prompt,
            Constraint = ThinkingLimit.Apply(request, Template, Tokenizer, request.Grammar?.CreateConstraint(_stopTokens, Math.Min(request.MaxTokens, Context - request.Prompt.Count))),
            StoredPrefix = request.StoredPrefix,
            Sampling = request.Sampling.Seed is { } seed ? request.Sampling with { Seed = seed + (ulong)index } : request.Sampling,
            MaxTokens = request.MaxTokens,
            StopTokens = request.IgnoreStopTokens ? [] : _stopTokens,
            TopScores = request.TopScores,
            ScorePrompt = request.ScorePrompt && index == 0,
            EmbedPrompt = request.EmbedPrompt,
        });
        var reader = request.Conversation is { } conversation ? Template.ReadAnswer(Tokenizer, conversation) : new PlainAnswerReader(Tokenizer);
        return new ChatChoice(answer, index, sequence, reader, _options.Time) { Slot = slot };
    }

    private void DropCancelled()
    {
        for (var node = _queue.First; node is not null;)
        {
            var (answer, next) = (node.Value, node.Next);
            if (answer.IsCancelled)
            {
                _queue.Remove(node);
                answer.CompleteCancelled();
            }

            node = next;
        }

        for (var i = _active.Count - 1; i >= 0; i--)
        {
            if (_active[i].IsCancelled)
            {
                _active[i].CompleteCancelled();
                Abandon(_active[i]);
                _active.RemoveAt(i);
            }
        }
    }

    // Its sequences end at the next step.
    private void Abandon(ChatAnswer answer)
    {
        foreach (var choice in answer.Running)
        {
            choice.Cancel();
            _slots[choice.Slot] = null;
        }

        answer.Running.Clear();
        answer.Begun = answer.Request.Choices;
    }

    private void Fail(ChatException failure)
    {
        lock (_gate)
        {
            _failure = failure;
            RefuseQueue(failure);
            foreach (var answer in _active)
            {
                answer.Complete(failure);
            }

            _active.Clear();
            Array.Clear(_slots);
        }
    }
}
