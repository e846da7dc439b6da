namespace Crescent.Engine.Chat;

/// <summary>Counts what an engine does. Guarded by the engine's lock.</summary>
internal sealed class ChatTotals
{
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromMinutes(1);

    private long _answers;
    private long _promptTokens;
    private TimeSpan _promptTime;
    private long _generatedTokens;
    private TimeSpan _answerTime;
    private long _drafted;
    private long _accepted;
    private long _repeated;
    private long _steps;
    private long _busySlots;
    private int _longest;

    public void AddStep(int busySlots, int tokens)
    {
        if (tokens > 0)
        {
            _steps++;
            _busySlots += busySlots;
        }
    }

    public void AddAnswer(AnswerUsage usage, AnswerTimings timings)
    {
        _answers++;
        _promptTokens += usage.Prompt - usage.Cached;
        _promptTime += timings.Prompt;
        _generatedTokens += usage.Completion;
        _answerTime += timings.Answer;
        _drafted += usage.Drafted;
        _accepted += usage.Accepted;
        _longest = Math.Max(_longest, usage.Prompt + usage.Completion);
    }

    public void AddRepeated() => _repeated++;

    /// <summary>When one more request is likely to find a place.</summary>
    public TimeSpan RetryAfter(int waiting, int parallel)
    {
        var mean = _answers == 0 ? TimeSpan.FromSeconds(1) : (_promptTime + _answerTime) / _answers;
        var seconds = Math.Ceiling(mean.TotalSeconds * (waiting + 1) / parallel);
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, s_longestRetry.TotalSeconds));
    }

    public ChatStatus Status(IReadOnlyList<ChatSlot> slots, int waiting) => new()
    {
        Slots = slots,
        Waiting = waiting,
        Answers = _answers,
        PromptTokens = _promptTokens,
        PromptTime = _promptTime,
        GeneratedTokens = _generatedTokens,
        AnswerTime = _answerTime,
        DraftedTokens = _drafted,
        AcceptedTokens = _accepted,
        RepeatedTurns = _repeated,
        Steps = _steps,
        BusySlots = _busySlots,
        LongestSequence = _longest,
    };
}
