using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>A reply as lines of JSON (NDJSON). It begins with the first line, so that what goes wrong before has a status of its own.</summary>
internal sealed class LineStream(HttpContext context)
{
    public bool HasBegun => context.Response.HasStarted;

    public async Task SendAsync<T>(T value, JsonTypeInfo<T> type)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "application/x-ndjson";
            context.Response.Headers.CacheControl = "no-cache";
        }

        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(value, type), (byte)'\n'];
        await context.Response.Body.WriteAsync(line, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
