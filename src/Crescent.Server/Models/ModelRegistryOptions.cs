namespace Crescent.Server.Models;

/// <summary>When models are loaded and unloaded.</summary>
public sealed record ModelRegistryOptions
{
    /// <summary>Most bytes of all loaded models together; a larger model has them to itself.</summary>
    public long MostBytes { get; init; } = long.MaxValue;

    /// <summary>How long a model stays after its last request; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest wait for the turn and the memory to load a model.</summary>
    public TimeSpan MostWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Most requests that wait for one model to be there.</summary>
    public int MostWaiting { get; init; } = 64;

    /// <summary>Told of what is loaded, unloaded, and cannot be.</summary>
    public Action<string>? Log { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
