using System.Net;

namespace Crescent.Agents.Endpoints;

/// <summary>An endpoint refused a request, or its answer cannot be read.</summary>
public sealed class EndpointException : Exception
{
    public EndpointException()
    {
    }

    public EndpointException(string message)
        : base(message)
    {
    }

    public EndpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The status of a refusal; null where the answer broke.</summary>
    public HttpStatusCode? Status { get; init; }
}
