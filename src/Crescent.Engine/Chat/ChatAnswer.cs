using System.Threading.Channels;

namespace Crescent.Engine.Chat;

/// <summary>The answers to one request as they come. Whoever reads no further disposes it, which ends the work.</summary>
public sealed class ChatAnswer : IDisposable
{
    private readonly Channel<ChatUpdate> _updates = Channel.CreateUnbounded<ChatUpdate>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly Action _onCancel;
    private readonly CancellationToken _cancellation;
    private readonly AnswerTelemetry _telemetry;
    private readonly CancellationTokenRegistration _registration;
    private int _isCancelled;
    private bool _isComplete; // guarded by the engine's lock

    internal ChatAnswer(ChatRequest request, long id, long arrived, AnswerTelemetry telemetry, Action onCancel, CancellationToken cancellation)
    {
        (Request, Id, Arrived, _telemetry, _onCancel, _cancellation) = (request, id, arrived, telemetry, onCancel, cancellation);
        _registration = cancellation.UnsafeRegister(static answer => ((ChatAnswer)answer!).Cancel(), this);
    }

    public ChatRequest Request { get; }

    /// <summary>Counts the engine's requests.</summary>
    public long Id { get; }

    /// <summary>Timestamp of the request.</summary>
    internal long Arrived { get; }

    /// <summary>Timestamp of its turn.</summary>
    internal long Began { get; set; }

    internal bool IsCancelled => Volatile.Read(ref _isCancelled) != 0;

    /// <summary>Choices that were begun.</summary>
    internal int Begun { get; set; }

    /// <summary>Choices that run.</summary>
    internal List<ChatChoice> Running { get; } = [];

    /// <summary>Whether the first choice has computed the prompt, for the others to share.</summary>
    internal bool HasPrompt { get; private set; }

    internal bool HasEnded => Begun == Request.Choices && Running.Count == 0;

    /// <summary>Everything there is to know of the answers, in order; those of several choices alternate.</summary>
    /// <exception cref="ChatException">The request was given up, or a step failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IAsyncEnumerable<ChatUpdate> ReadAsync(CancellationToken cancellation = default) => _updates.Reader.ReadAllAsync(cancellation);

    /// <summary>The next update; null at the end.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async ValueTask<ChatUpdate?> NextAsync(CancellationToken cancellation = default)
    {
        while (await _updates.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
        {
            if (_updates.Reader.TryRead(out var update))
            {
                return update;
            }
        }

        return null;
    }

    /// <summary>Gives up: the request ends within a step.</summary>
    public void Cancel()
    {
        if (Interlocked.Exchange(ref _isCancelled, 1) == 0)
        {
            _onCancel();
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        Cancel();
    }

    internal void MarkPrompt() => HasPrompt = true;

    internal void Tell(ChatUpdate update)
    {
        if (update is EndUpdate end)
        {
            _telemetry.Add(end);
        }

        _updates.Writer.TryWrite(update);
    }

    internal void Complete(Exception? failure = null)
    {
        if (!_isComplete)
        {
            _isComplete = true;
            _telemetry.End(failure); // before whoever waits for the answer goes on
            _updates.Writer.TryComplete(failure);
        }
    }

    internal void CompleteCancelled() => Complete(new OperationCanceledException(_cancellation));
}
