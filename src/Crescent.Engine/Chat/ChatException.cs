namespace Crescent.Engine.Chat;

/// <summary>A <see cref="ChatEngine"/> refused a request, or its answer failed.</summary>
public sealed class ChatException : Exception
{
    public ChatException(ChatFailure failure, string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner) => (Failure, RetryAfter) = (failure, retryAfter);

    public ChatFailure Failure { get; }

    /// <summary>When a place is likely to be free.</summary>
    public TimeSpan? RetryAfter { get; }
}
