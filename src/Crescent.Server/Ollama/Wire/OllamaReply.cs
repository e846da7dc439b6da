using System.Text.Json.Serialization;
using Crescent.Engine.Chat;

namespace Crescent.Server.Ollama.Wire;

/// <summary>An answer of <c>/api/chat</c> or <c>/api/generate</c>, whole or a line of a stream. Durations are in nanoseconds.</summary>
internal sealed record OllamaReply(string Model, DateTimeOffset CreatedAt)
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Of chat.</summary>
    public OllamaMessage? Message { get; init; }

    /// <summary>Of generate: text.</summary>
    public string? Response { get; init; }

    /// <summary>Of generate.</summary>
    public string? Thinking { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public bool Done { get; init; }

    public string? DoneReason { get; init; }

    public long? TotalDuration { get; init; }

    /// <summary>Time until the request's turn: the model is loaded before there are requests.</summary>
    public long? LoadDuration { get; init; }

    public int? PromptEvalCount { get; init; }

    public long? PromptEvalDuration { get; init; }

    public int? EvalCount { get; init; }

    public long? EvalDuration { get; init; }

    public OllamaReply End(EndUpdate end) => this with
    {
        Done = true,
        DoneReason = end.Reason == AnswerEnd.Length ? "length" : "stop",
        TotalDuration = Nanoseconds(end.Timings.Queue + end.Timings.Prompt + end.Timings.Answer),
        LoadDuration = Nanoseconds(end.Timings.Queue),
        PromptEvalCount = end.Usage.Prompt,
        PromptEvalDuration = Nanoseconds(end.Timings.Prompt),
        EvalCount = end.Usage.Completion,
        EvalDuration = Nanoseconds(end.Timings.Answer),
    };

    private static long Nanoseconds(TimeSpan time) => time.Ticks * NanosecondsPerTick;
}
