namespace Crescent.Engine.Chat;

/// <summary>The answers that run together, from their turn to their end. Guarded by the lock of <see cref="ChatTurns"/>.</summary>
internal sealed class RunningAnswers(ChatEngineOptions options, ChoiceFactory factory, ChatTotals totals)
{
    private readonly List<ChatAnswer> _active = []; // begun and not ended; in the order of their turns
    private readonly ChatChoice?[] _slots = new ChatChoice?[options.Parallel];

    public int Count => _active.Count;

    public bool HasRoom => Array.Exists(_slots, slot => slot is null);

    public int BusySlots => _slots.Count(slot => slot is not null);

    /// <summary>Whether nobody wants the coming step's result.</summary>
    public bool AreAllCancelled => _active.Count > 0 && _active.TrueForAll(answer => answer.IsCancelled);

    public IReadOnlyList<ChatSlot> Slots =>
        [.. _slots.Select((choice, id) => choice is null
            ? new ChatSlot(id, null, 0, 0, 0)
            : new ChatSlot(id, choice.Answer.Id, choice.Answer.Request.Prompt.Count, choice.Generated, Room(choice.Answer.Request) - choice.Generated))];

    /// <summary>A request's turn: it takes a free place.</summary>
    public void Begin(ChatAnswer answer)
    {
        answer.Began = options.Time.GetTimestamp();
        _active.Add(answer);
        BeginChoices(answer);
    }

    /// <summary>Begins further choices of what runs: their prompt is in the cache.</summary>
    public void BeginSiblings() => _active.ForEach(BeginChoices);

    /// <summary>Tells of what the last step brought, and ends what is complete.</summary>
    public void Observe()
    {
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

    /// <summary>Gives up those that nobody reads any more.</summary>
    public void DropCancelled()
    {
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

    /// <summary>Cancels all.</summary>
    public void Cancel(ChatException reason)
    {
        foreach (var answer in _active.ToArray())
        {
            answer.Complete(reason);
            answer.Cancel();
        }
    }

    /// <summary>Forgets all: what the generator holds of them is in doubt.</summary>
    public void Fail(ChatException failure)
    {
        _active.ForEach(answer => answer.Complete(failure));
        _active.Clear();
        Array.Clear(_slots);
    }

    private int Room(ChatRequest request) => Math.Min(request.MaxTokens, options.Context - request.Prompt.Count);

    private void BeginChoices(ChatAnswer answer)
    {
        while (answer.Begun < answer.Request.Choices && (answer.Begun == 0 || answer.HasPrompt) && Array.IndexOf(_slots, null) is >= 0 and var slot)
        {
            var choice = factory.Begin(answer, answer.Begun++, slot);
            answer.Running.Add(choice);
            _slots[slot] = choice;
        }
    }

    private void Observe(ChatAnswer answer)
    {
        var isLate = options.Time.GetElapsedTime(answer.Began) > options.AnswerTimeout;
        for (var i = 0; i < answer.Running.Count; i++)
        {
            var choice = answer.Running[i];
            if (choice.Observe(isLate) is { } failure)
            {
                answer.Complete(failure);
                Abandon(answer);
                return;
            }

            if (choice.HasEnded)
            {
                _slots[choice.Slot] = null;
                totals.AddAnswer(choice.Usage, choice.Timings);
            }

            if (choice.IsToRepeat)
            {
                answer.Running[i] = Repeat(choice);
            }
        }

        answer.Running.RemoveAll(choice => choice.HasEnded);
    }

    private ChatChoice Repeat(ChatChoice empty)
    {
        totals.AddRepeated();
        options.Log?.Invoke($"request {empty.Answer.Id}: the turn was empty after {empty.Usage.Completion} tokens and is generated again ({empty.Attempt + 1} of {options.EmptyTurnRetries})");
        var choice = factory.Begin(empty.Answer, empty.Index, empty.Slot, empty.Attempt + 1);
        _slots[choice.Slot] = choice;
        return choice;
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
}
