namespace Crescent.Cli.Hub;

/// <summary>A transfer failed in a way that another attempt may mend: a broken connection, an overloaded server, an answer that contradicts itself.</summary>
internal sealed class TransferException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long the server asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
