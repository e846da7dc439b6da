using Crescent.Engine.KvCache.Snapshots;
using Crescent.Engine.Runtime.Speculation;

namespace Crescent.Engine.Chat;

/// <summary>Limits of a <see cref="ChatEngine"/>.</summary>
public sealed record ChatEngineOptions
{
    /// <summary>Most tokens of a sequence, prompt and answer.</summary>
    public required int Context { get; init; }

    /// <summary>Most sequences that run together.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>Most requests that wait while all places are taken.</summary>
    public int Queue { get; init; } = 64;

    /// <summary>Most prompt tokens of a step in which others generate.</summary>
    public int BusyChunk { get; init; } = 64;

    /// <summary>Most cache pages; 0 for as many as the sequences can fill.</summary>
    public int MaxCachePages { get; init; }

    /// <summary>Longest wait for a place.</summary>
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest time from a request's turn to its last token; what is there by then is the answer.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Whether tokens are guessed and computed ahead; null for never.</summary>
    public SpeculationOptions? Speculation { get; init; }

    /// <summary>How often a turn of the assistant that ended without text or call is generated again, with another seed; where sampling draws nothing, never.</summary>
    public int EmptyTurnRetries { get; init; }

    /// <summary>Told of what is worth a line in a log; null for nobody. Runs on the engine's thread.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Stored beginnings of prompts; null for none.</summary>
    public PrefixSnapshotStore? Snapshots { get; init; }

    /// <summary>The model's name in spans and metrics; null for its architecture.</summary>
    public string? ModelName { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
