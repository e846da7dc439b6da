namespace Crescent.Server.Http;

/// <summary>What went wrong with a request, before an API puts it into its own words.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">OpenAI's class of the error.</param>
/// <param name="Param">The field that is wrong.</param>
/// <param name="Code">What clients look at.</param>
public sealed record ApiError(int Status, string Type, string Message, string? Param = null, string? Code = null)
{
    /// <summary>When to try again.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
