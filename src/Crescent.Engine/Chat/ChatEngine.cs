using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
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
    private readonly AnswerGrammars _grammars;
    private readonly MemoryMonitor _memory;
    private readonly RequestCheck _check;
    private readonly ChatTurns _turns;
    private readonly StepLoop _loop;
    private readonly ChatTelemetry _telemetry;
    private bool _isDisposed;

    /// <param name="template">How the model's family writes conversations and answers.</param>
    public ChatEngine(LanguageModel model, Tokenizer tokenizer, ChatTemplate template, ChatEngineOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallel, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Queue);
        (_model, Tokenizer, Template, _options) = (model, tokenizer, template, options);
        _grammars = new AnswerGrammars(tokenizer, template);
        _memory = new MemoryMonitor(model, options.Time);
        _telemetry = new ChatTelemetry(options.ModelName ?? model.Shape.Architecture);
        _check = new RequestCheck(options.Context, model.Shape.Vocab);
        _generator = new Generator(model, null, new GeneratorOptions
        {
            Context = options.Context,
            MaxSequences = options.Parallel,
            BusyChunk = options.BusyChunk,
            MaxCachePages = options.MaxCachePages,
            Snapshots = options.Snapshots,
            Speculation = options.Speculation,
        });
        var totals = new ChatTotals();
        var running = new RunningAnswers(options, new ChoiceFactory(_generator, tokenizer, template, options), totals);
        _turns = new ChatTurns(options, new AnswerQueue(options, totals), running, totals);
        _loop = new StepLoop(model, _generator, _turns, _memory);
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
        var telemetry = _telemetry.Begin(request, _options.Time);
        try
        {
            _check.Check(request);
            return _turns.Submit(request, telemetry, cancellation);
        }
        catch (Exception exception)
        {
            telemetry.End(exception);
            throw;
        }
    }

    /// <summary>Requests that have no whole answer yet.</summary>
    public int Pending => _turns.Pending;

    /// <summary>What runs, what waits, and what was done so far.</summary>
    public ChatStatus Status() => _turns.Status();

    /// <summary>Where the model's weights are.</summary>
    public ModelMemory Memory() => _memory.Read();

    /// <summary>Refuses new requests, lets running answers end, and cancels what runs after the limit.</summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        _turns.Close();
        try
        {
            await _loop.Ended.WaitAsync(limit, _options.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _turns.Stop();
            await _loop.Ended.ConfigureAwait(false);
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
        _turns.Stop();
        _loop.Join();
        _generator.Dispose();
        _turns.Dispose();
    }
}
