namespace Crescent.Engine.Chat;

/// <summary>Requests that wait for their turn, in the order of their coming. Guarded by the lock of <see cref="ChatTurns"/>.</summary>
internal sealed class AnswerQueue(ChatEngineOptions options, ChatTotals totals)
{
    private readonly LinkedList<ChatAnswer> _waiting = new();

    public int Count => _waiting.Count;

    public void Add(ChatAnswer answer) => _waiting.AddLast(answer);

    /// <summary>The request that is next, taken out; null where none waits. Those that waited too long before it are refused.</summary>
    /// <param name="hasRoom">Whether it could run now; else it stays.</param>
    public ChatAnswer? Take(bool hasRoom)
    {
        while (_waiting.First is { Value: var next })
        {
            var isLate = options.Time.GetElapsedTime(next.Arrived) > options.QueueTimeout;
            if (!isLate && !hasRoom)
            {
                return null;
            }

            _waiting.RemoveFirst();
            if (!isLate)
            {
                return next;
            }

            next.Complete(new ChatException(ChatFailure.QueueTimeout, $"the request waited longer than {options.QueueTimeout.TotalSeconds:0} s for its turn", totals.RetryAfter(Count, options.Parallel)));
        }

        return null;
    }

    /// <summary>Removes those that nobody waits for any more.</summary>
    public void DropCancelled()
    {
        for (var node = _waiting.First; node is not null;)
        {
            var (answer, next) = (node.Value, node.Next);
            if (answer.IsCancelled)
            {
                _waiting.Remove(node);
                answer.CompleteCancelled();
            }

            node = next;
        }
    }

    /// <summary>Refuses all.</summary>
    public void Refuse(ChatException reason)
    {
        foreach (var answer in _waiting)
        {
            answer.Complete(reason);
        }

        _waiting.Clear();
    }
}
