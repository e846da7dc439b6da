using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server;

/// <summary>Gives every request an id, says how long its reply took to begin, and logs what it was: never what it said.</summary>
internal sealed class RequestLog(ServerOptions options)
{
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var began = Stopwatch.GetTimestamp();
        var id = Identifiers.New("req_");
        context.TraceIdentifier = id;
        var headers = context.Response.Headers;
        context.Response.OnStarting(() =>
        {
            headers["x-request-id"] = id;
            headers["request-id"] = id; // Anthropic's name
            headers["Msh-Request-Id"] = id;
            headers["Server-Timing"] = string.Create(CultureInfo.InvariantCulture, $"total;dur={Stopwatch.GetElapsedTime(began).TotalMilliseconds:0.0}");
            return Task.CompletedTask;
        });
        await next(context);
        options.Log?.Invoke(string.Create(
            CultureInfo.InvariantCulture,
            $"{id} {context.Request.Method} {context.Request.Path} {(context.RequestAborted.IsCancellationRequested ? "gone" : context.Response.StatusCode)} {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms"));
    }
}
