namespace Crescent.Engine.Chat;

/// <summary>Why a <see cref="ChatEngine"/> has no answer.</summary>
public enum ChatFailure
{
    /// <summary>As many requests wait as may; <see cref="ChatException.RetryAfter"/> says when to come again.</summary>
    QueueFull,

    /// <summary>The request waited too long for its turn.</summary>
    QueueTimeout,

    /// <summary>The prompt leaves no room for an answer in the context.</summary>
    ContextLength,

    /// <summary>The engine is shutting down.</summary>
    Stopping,

    /// <summary>The step that computed the answer failed: weights could not be read, or logits were not finite.</summary>
    Failed,
}
