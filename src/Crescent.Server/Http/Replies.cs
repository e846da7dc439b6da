using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Crescent.Server.OpenAi.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>Whole replies.</summary>
internal static class Replies
{
    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    public static Task WriteTextAsync(HttpContext context, string text, string contentType)
    {
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>An error in OpenAI's shape.</summary>
    public static Task WriteErrorAsync(HttpContext context, ApiError error)
    {
        WriteRetryAfter(context, error);
        return WriteAsync(context, ErrorReply.Of(error), OpenAiJson.Relaxed.ErrorReply, error.Status);
    }

    /// <summary>The header that says when to try again, where the error knows it.</summary>
    public static void WriteRetryAfter(HttpContext context, ApiError error)
    {
        if (error.RetryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
    }
}
