using System.Text.Json;
using Crescent.Engine.Chat;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>The one place where an exception becomes what a client is told.</summary>
internal static class ErrorMapping
{
    /// <summary>Code of an error that is the server's own.</summary>
    public const string InternalError = "internal_error";

    private const string Invalid = "invalid_request_error";

    public static ApiError ToError(Exception exception) => exception switch
    {
        ApiException api => api.Error,
        ChatException chat => ToError(chat),
        BadHttpRequestException { StatusCode: 413 } => BodyTooLarge,
        BadHttpRequestException bad => new ApiError(bad.StatusCode, Invalid, bad.Message),
        JsonException json => new ApiError(400, Invalid, $"the body is not JSON: {FirstLine(json.Message)}"),
        ArgumentException or NotSupportedException => new ApiError(400, Invalid, FirstLine(exception.Message)),
        OutOfMemoryException or InsufficientMemoryException => new ApiError(503, "server_error", "not enough memory for this request", Code: "out_of_memory"),
        _ => new ApiError(500, "server_error", $"internal error: {exception.GetType().Name}", Code: InternalError),
    };

    public static ApiError BodyTooLarge { get; } = new(413, Invalid, "the body is larger than this server takes", Code: "request_too_large");

    private static ApiError ToError(ChatException exception) => exception.Failure switch
    {
        ChatFailure.ContextLength => new ApiError(400, Invalid, exception.Message, "messages", "context_length_exceeded"),
        ChatFailure.QueueFull => new ApiError(429, "rate_limit_error", exception.Message, Code: "rate_limit_exceeded") { RetryAfter = exception.RetryAfter },
        ChatFailure.QueueTimeout => new ApiError(503, "server_error", exception.Message, Code: "queue_timeout") { RetryAfter = exception.RetryAfter },
        ChatFailure.Stopping => new ApiError(503, "unavailable_error", exception.Message, Code: "shutting_down"),
        _ => new ApiError(500, "server_error", exception.Message, Code: "generation_failed"),
    };

    // ArgumentException appends "(Parameter 'x')", which says nothing to a client.
    private static string FirstLine(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        var parameter = line.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
        return parameter > 0 ? line[..parameter] : line;
    }
}
