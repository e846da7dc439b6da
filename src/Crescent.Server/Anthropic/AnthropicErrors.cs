using Crescent.Server.Anthropic.Wire;
using Crescent.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Anthropic;

/// <summary>Errors in Anthropic's shape.</summary>
internal static class AnthropicErrors
{
    private const int Overloaded = 529;

    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        Replies.WriteRetryAfter(context, error);
        return Replies.WriteAsync(context, Of(context, error), AnthropicJson.Relaxed.ErrorMessage, StatusOf(error));
    }

    public static ErrorMessage Of(HttpContext context, ApiError error) => new(new ErrorDetail(TypeOf(StatusOf(error)), MessageOf(error)), context.TraceIdentifier);

    private static int StatusOf(ApiError error) => error.Status == StatusCodes.Status503ServiceUnavailable ? Overloaded : error.Status;

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        Overloaded => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    // Agents look for Anthropic's words to know that they must shorten the conversation.
    private static string MessageOf(ApiError error) => error.Code == "context_length_exceeded" ? $"prompt is too long: {error.Message}" : error.Message;
}
