using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>Answers what goes wrong behind it in the shape of an error, and requests that no endpoint took.</summary>
internal static class ErrorShield
{
    public static async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // nobody is there to be told
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await (context.GetEndpoint()?.Metadata.GetMetadata<ErrorWriter>() ?? Replies.WriteErrorAsync)(context, ErrorMapping.ToError(exception));
            return;
        }

        if (!context.Response.HasStarted && context.Response.ContentLength is null && context.Response.StatusCode is 404 or 405)
        {
            var status = context.Response.StatusCode;
            var message = status == 404 ? $"no such endpoint: {context.Request.Method} {context.Request.Path}" : $"{context.Request.Path} does not take {context.Request.Method}";
            await Replies.WriteErrorAsync(context, new ApiError(status, "invalid_request_error", message, Code: status == 404 ? "unknown_url" : "method_not_allowed"));
        }
    }
}
