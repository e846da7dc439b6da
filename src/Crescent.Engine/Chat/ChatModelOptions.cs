using Crescent.Engine.Models;

namespace Crescent.Engine.Chat;

/// <summary>How a <see cref="ChatModel"/> is opened.</summary>
public sealed record ChatModelOptions
{
    /// <summary>Context where neither the user nor a smaller model says otherwise.</summary>
    public const int StandardContext = 32768;

    public ModelOptions Model { get; init; } = new();

    /// <summary>Most tokens of a sequence; 0 for the model's, at most <see cref="StandardContext"/>.</summary>
    public int Context { get; init; }

    /// <summary>Most answers that run together.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>Name of the chat template; null for the one that the model's markers and architecture tell.</summary>
    public string? Template { get; init; }
}
