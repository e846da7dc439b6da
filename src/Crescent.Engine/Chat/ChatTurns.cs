namespace Crescent.Engine.Chat;

/// <summary>
/// Where clients' threads and the engine's thread meet: requests come in and are cancelled by the ones, and get their turns and their ends by the other.
/// One lock guards the queue, what runs and the counts.
/// </summary>
internal sealed class ChatTurns(ChatEngineOptions options, AnswerQueue queue, RunningAnswers running, ChatTotals totals) : IDisposable
{
    private readonly object _gate = new(); // guards all that follows, and what is given
    private CancellationTokenSource _step = new();
    private long _nextId = 1;
    private bool _isStopping;
    private ChatException? _failure; // after it nothing runs any more

    /// <summary>Requests that have no whole answer yet.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return queue.Count + running.Count;
            }
        }
    }

    /// <summary>Queues a request.</summary>
    /// <exception cref="ChatException">There is no room for it, or the engine is stopping.</exception>
    public ChatAnswer Submit(ChatRequest request, AnswerTelemetry telemetry, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_failure is not null || _isStopping)
            {
                throw _failure ?? Stopping();
            }

            if (queue.Count + running.Count >= options.Parallel + options.Queue)
            {
                throw new ChatException(ChatFailure.QueueFull, $"{queue.Count} requests are waiting, as many as may: try again later", totals.RetryAfter(queue.Count, options.Parallel));
            }

            var answer = new ChatAnswer(request, _nextId++, options.Time.GetTimestamp(), telemetry, OnCancelled, cancellation);
            queue.Add(answer);
            Monitor.Pulse(_gate);
            return answer;
        }
    }

    public ChatStatus Status()
    {
        lock (_gate)
        {
            return totals.Status(running.Slots, queue.Count);
        }
    }

    /// <summary>Waits for something to do, and admits what may run; false once there will be no more.</summary>
    /// <param name="isBusy">Whether the generator has work left.</param>
    public bool Wait(bool isBusy)
    {
        lock (_gate)
        {
            while (true)
            {
                DropCancelled();
                Admit();
                if (running.Count > 0 || isBusy)
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

    /// <summary>What ends the coming step where it waits for the drive and nobody wants its result any more.</summary>
    public CancellationToken BeginStep()
    {
        lock (_gate)
        {
            if (_step.IsCancellationRequested)
            {
                _step.Dispose();
                _step = new CancellationTokenSource();
            }

            return _step.Token;
        }
    }

    /// <summary>Tells the clients of what a step brought.</summary>
    public void EndStep(int tokens)
    {
        lock (_gate)
        {
            totals.AddStep(running.BusySlots, tokens);
            DropCancelled();
            running.Observe();
        }
    }

    /// <summary>Refuses what waits and what comes; what runs goes on to its end.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isStopping = true;
            queue.Refuse(Stopping());
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Refuses what waits and what comes, and cancels what runs.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
            queue.Refuse(Stopping());
            running.Cancel(Stopping());
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Ends all requests, those that will come too, with an error instead of letting them wait for ever.</summary>
    public void Fail(ChatException failure)
    {
        lock (_gate)
        {
            _failure = failure;
            queue.Refuse(failure);
            running.Fail(failure);
        }
    }

    public void Dispose() => _step.Dispose();

    private static ChatException Stopping() => new(ChatFailure.Stopping, "the server is shutting down");

    private void OnCancelled()
    {
        lock (_gate)
        {
            if (running.AreAllCancelled)
            {
                _step.Cancel();
            }

            Monitor.Pulse(_gate);
        }
    }

    private void DropCancelled()
    {
        queue.DropCancelled();
        running.DropCancelled();
    }

    // Siblings of what runs come first; then the queue, in order.
    private void Admit()
    {
        running.BeginSiblings();
        while (queue.Take(running.HasRoom) is { } next)
        {
            running.Begin(next);
        }
    }
}
