using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Crescent.Engine.Chat;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>A reply as server-sent events. It begins with the first event, so that what goes wrong before has a status of its own.</summary>
internal sealed class EventStream(HttpContext context, TimeSpan pingInterval, TimeProvider time)
{
    private Task? _silence;

    /// <summary>Whether something was sent, and with it the status.</summary>
    public bool HasBegun => context.Response.HasStarted;

    /// <summary>The answer's updates. While there are none, comments keep the connection alive.</summary>
    public async IAsyncEnumerable<ChatUpdate> WithPingsAsync(ChatAnswer answer)
    {
        while (true)
        {
            var next = answer.NextAsync(context.RequestAborted);
            var update = next.IsCompleted ? await next : await WaitAsync(next.AsTask());
            if (update is null)
            {
                yield break;
            }

            yield return update;
        }
    }

    /// <summary>One event: data alone, or with its name where an API names them.</summary>
    public async Task SendAsync<T>(T value, JsonTypeInfo<T> type, string? name = null)
    {
        Begin();
        var writer = context.Response.BodyWriter;
        if (name is not null)
        {
            Write("event: "u8);
            Write(System.Text.Encoding.UTF8.GetBytes(name));
            Write("\n"u8);
        }

        Write("data: "u8);
        Write(JsonSerializer.SerializeToUtf8Bytes(value, type));
        Write("\n\n"u8);
        await writer.FlushAsync(context.RequestAborted);

        void Write(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(writer.GetSpan(bytes.Length));
            writer.Advance(bytes.Length);
        }
    }

    public Task SendDoneAsync() => SendRawAsync("data: [DONE]\n\n");

    public Task PingAsync() => SendRawAsync(": ping\n\n");

    private async Task<ChatUpdate?> WaitAsync(Task<ChatUpdate?> next)
    {
        while (true)
        {
            _silence ??= Task.Delay(pingInterval, time, context.RequestAborted);
            if (await Task.WhenAny(next, _silence) == next)
            {
                return await next;
            }

            _silence = null;
            await PingAsync();
        }
    }

    private async Task SendRawAsync(string text)
    {
        Begin();
        await context.Response.WriteAsync(text, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private void Begin()
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers["X-Accel-Buffering"] = "no";
        }
    }
}
