using System.Net;
using System.Text.Json;
using Crescent.Tests;
using Xunit;

namespace Crescent.Agents.Tests.Endpoints;

/// <summary>An answer that a vendor was recorded to give, and the client's next request, which sends it back; null after the last.</summary>
internal sealed record Recorded(string File, string Answer, JsonElement? Next)
{
    public static IEnumerable<Recorded> All() => Directory.GetFiles(SharedData.Path("recorded", "kimi-k2"), "*.yaml").Order(StringComparer.Ordinal).SelectMany(Read);

    private static IEnumerable<Recorded> Read(string path)
    {
        string[] bodies = [.. Bodies(System.IO.File.ReadAllLines(path))];
        for (var i = 0; i + 1 < bodies.Length; i += 2)
        {
            yield return new Recorded(Path.GetFileName(path), bodies[i + 1], i + 2 < bodies.Length ? JsonDocument.Parse(bodies[i + 2]).RootElement : null);
        }
    }

    // Requests and answers by turns: a block of lines, or a quoted line.
    private static IEnumerable<string> Bodies(string[] lines)
    {
        const string Body = "    body: ";
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Body, StringComparison.Ordinal))
            {
                continue;
            }

            var value = lines[i][Body.Length..];
            if (value.StartsWith('\''))
            {
                yield return value[1..^1].Replace("''", "'", StringComparison.Ordinal);
            }
            else if (value.StartsWith('"'))
            {
                yield return JsonDocument.Parse(value).RootElement.GetString()!;
            }
            else
            {
                var text = lines.Skip(i + 1).TakeWhile(line => line.Length == 0 || line.StartsWith("      ", StringComparison.Ordinal)).Select(line => line.Length == 0 ? "" : line[6..]);
                yield return string.Concat(text.Select(line => line + "\n"));
            }
        }
    }
}

/// <summary>Answers requests in order; bodies come a few bytes at a time.</summary>
internal sealed class ScriptedEndpoint(int bytesAtOnce, params (HttpStatusCode Status, string Body, string? RetryAfter)[] answers) : HttpMessageHandler
{
    public List<string> Requests { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (status, body, retryAfter) = answers[Math.Min(Requests.Count, answers.Length - 1)];
        Requests.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
        var response = new HttpResponseMessage(status) { Content = new StreamContent(new SlowStream(System.Text.Encoding.UTF8.GetBytes(body), bytesAtOnce)) };
        if (retryAfter is not null)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        return response;
    }

    private sealed class SlowStream(byte[] bytes, int bytesAtOnce) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, bytesAtOnce));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, bytesAtOnce)]);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer, offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));
    }
}
