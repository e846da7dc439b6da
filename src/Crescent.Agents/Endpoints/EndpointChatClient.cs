using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace Crescent.Agents.Endpoints;

/// <summary>A chat client for any endpoint that speaks OpenAI's chat completions. Refusals that pass (408, 409, 429, 5xx) are tried again, after the time the endpoint asks for.</summary>
/// <param name="client">Sends the requests; the caller disposes of it.</param>
/// <param name="address">Up to the version, as in <c>https://host/v1</c>.</param>
/// <param name="model">Where a request names none.</param>
public sealed class EndpointChatClient(HttpClient client, Uri address, string model, string? key = null) : IChatClient
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);

    private readonly Uri _completions = new($"{address.AbsoluteUri.TrimEnd('/')}/chat/completions");
    private readonly ChatClientMetadata _metadata = new("openai", address, model);

    /// <summary>How often a request is tried again.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>The first wait where the endpoint asks for none; each later one is twice as long.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock of the waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <exception cref="EndpointException">The endpoint refused, or its answer cannot be read.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var response = await Send(CompletionRequest.Write(model, messages, options, streams: false), cancellationToken).ConfigureAwait(false);
        var fold = new CompletionFold();
        var json = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        ChatResponseUpdate[] updates = [.. fold.Add(json), fold.Finish()];
        return updates.ToChatResponse();
    }

    /// <inheritdoc cref="GetResponseAsync"/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var response = await Send(CompletionRequest.Write(model, messages, options, streams: true), cancellationToken).ConfigureAwait(false);
        using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var fold = new CompletionFold();
        var isDone = false;
        await foreach (var data in EventStreamReader.Read(stream, cancellationToken).ConfigureAwait(false))
        {
            if (data.Trim() == "[DONE]")
            {
                isDone = true;
                break;
            }

            foreach (var update in fold.Add(data))
            {
                yield return update;
            }
        }

        if (!isDone && fold.FinishReason is null)
        {
            throw new EndpointException($"{_completions}: the stream ended before the answer did");
        }

        yield return fold.Finish();
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null : serviceType == typeof(ChatClientMetadata) ? _metadata : serviceType.IsInstanceOfType(this) ? this : null;
    }

    public void Dispose()
    {
    }

    private async Task<HttpResponseMessage> Send(string body, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _completions) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                if (attempt >= Retries || !Passes(response.StatusCode))
                {
                    throw new EndpointException($"{_completions}: {(int)response.StatusCode} {await Reason(response, cancellation).ConfigureAwait(false)}") { Status = response.StatusCode };
                }

                await Task.Delay(Wait(response, attempt), Time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static bool Passes(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private TimeSpan Wait(HttpResponseMessage response, int attempt)
    {
        var asked = response.Headers.RetryAfter;
        var wait = asked?.Delta ?? (asked?.Date is { } date ? date - Time.GetUtcNow() : FirstWait * Math.Pow(2, attempt));
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > s_longestWait ? s_longestWait : wait;
    }

    // The endpoint's own words, where it has any.
    private static async Task<string> Reason(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        try
        {
            new CompletionFold().Add(text);
        }
        catch (EndpointException exception) when (exception.InnerException is null)
        {
            return exception.Message;
        }
        catch (EndpointException)
        {
        }

        return text.Length > 0 ? text[..Math.Min(text.Length, 500)] : response.ReasonPhrase ?? "";
    }
}
