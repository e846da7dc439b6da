using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>Answers what goes wrong behind it in the shape of an error, and requests that no endpoint took.</summary>
internal static class ErrorShield
{
    /// <param name="log">Told where errors come from that are the server's own.</param>
    public static async Task RunAsync(HttpContext context, RequestDelegate next, Action<string>? log)
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
            var error = ErrorMapping.ToError(exception);
            if (error.Code == ErrorMapping.InternalError)
            {
                log?.Invoke($"{exception.GetType().Name}{Environment.NewLine}{exception.StackTrace}"); // the message may quote the request
            }

            context.Response.Clear();
            await (context.GetEndpoint()?.Metadata.GetMetadata<ErrorWriter>() ?? Replies.WriteErrorAsync)(context, error);
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
