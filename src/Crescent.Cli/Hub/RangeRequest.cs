using System.Net;
using System.Net.Http.Headers;

namespace Crescent.Cli.Hub;

/// <summary>
/// Fetches ranges of one file into its part, and believes no header that contradicts what was asked for. Where the hub redirected to is remembered and
/// asked directly, until it refuses (such addresses expire).
/// </summary>
internal sealed class RangeRequest(HubClient client, HubId id, string revision, Uri url, HubFile content, PullProgress progress)
{
    private const int BufferBytes = 1 << 17;
    private const long EnoughProgress = 1 << 20; // received in an attempt, so that its failure is not counted with those before

    private volatile Uri? _direct;

    /// <summary>Fetches a range with as many attempts as it takes; what arrived of it is committed, however it ends.</summary>
    /// <exception cref="CommandFailedException">The server refuses, or fails too often.</exception>
    public async Task<RangeOutcome> FetchAsync(PartFile part, ByteRange range, CancellationToken cancellation)
    {
        var backoff = new Backoff(client.Settings, progress.Log);
        while (true)
        {
            var received = new Received(range.Start);
            try
            {
                return await ReceiveAsync(part, range, received, cancellation);
            }
            catch (TransferException failure)
            {
                if (received.End - range.Start >= EnoughProgress)
                {
                    backoff.Reset();
                }

                range = range with { Start = received.End };
                if (range.Length == 0)
                {
                    return RangeOutcome.Done; // it failed only after the last byte
                }

                await backoff.WaitAsync(content.Path, failure, cancellation);
            }
        }
    }

    private async Task<RangeOutcome> ReceiveAsync(PartFile part, ByteRange range, Received received, CancellationToken cancellation)
    {
        using var guard = new StallGuard(client.Settings, cancellation);
        var whole = range == new ByteRange(0, content.Size);
        using var response = await SendAsync(part, range, whole, guard);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return RangeOutcome.Changed;
        }

        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
        {
            throw HubFailure.Of(response, id, revision, client.Settings);
        }

        var validator = response.Headers.ETag?.ToString();
        if (response.StatusCode == HttpStatusCode.OK && !whole)
        {
            return part.Validator is { } known && known != validator ? RangeOutcome.Changed : RangeOutcome.NoRanges;
        }

        Check(response, range, whole);
        if (!part.Accept(validator))
        {
            return RangeOutcome.Changed;
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        await CopyAsync(body, part, range, received, guard, cancellation);
        return RangeOutcome.Done;
    }

    private async Task<HttpResponseMessage> SendAsync(PartFile part, ByteRange range, bool whole, StallGuard guard)
    {
        var header = whole ? null : new RangeHeaderValue(range.Start, range.End - 1);
        // A weak validator does not promise the same bytes, so the server would not take it; it is still compared with the answer's.
        var condition = part.Validator is { } validator && EntityTagHeaderValue.TryParse(validator, out var tag) && !tag.IsWeak ? new RangeConditionHeaderValue(tag) : null;
        if (_direct is { } direct)
        {
            var response = await client.GetAsync(direct, guard, header, condition);
            if ((int)response.StatusCode is < 400 or >= 500 or (int)HttpStatusCode.TooManyRequests or (int)HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return response;
            }

            _direct = null;
            response.Dispose();
        }

        var answer = await client.GetAsync(url, guard, header, condition);
        if (answer.IsSuccessStatusCode)
        {
            _direct = answer.RequestMessage!.RequestUri;
        }

        return answer;
    }

    private void Check(HttpResponseMessage response, ByteRange range, bool whole)
    {
        if (response.Content.Headers.ContentEncoding is { Count: > 0 } encodings && encodings.Any(encoding => encoding != "identity"))
        {
            throw new TransferException($"expected the bytes as they are, found Content-Encoding '{SafePath.Printable(string.Join(',', encodings))}'");
        }

        if (response.Content.Headers.ContentLength is { } length && length != range.Length)
        {
            throw new TransferException($"expected {range.Length} bytes, found Content-Length {length}");
        }

        var found = response.Content.Headers.ContentRange;
        if (whole && response.StatusCode == HttpStatusCode.OK)
        {
            return;
        }

        if (found is null || found.Unit != "bytes" || found.From != range.Start || found.To != range.End - 1 || (found.Length ?? content.Size) != content.Size)
        {
            throw new TransferException($"expected bytes {range.Start}-{range.End - 1}/{content.Size}, found Content-Range '{SafePath.Printable(found?.ToString() ?? "")}'");
        }
    }

    private async Task CopyAsync(Stream body, PartFile part, ByteRange range, Received received, StallGuard guard, CancellationToken cancellation)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await guard.WaitAsync(token => body.ReadAsync(buffer, token).AsTask()) is > 0 and var count)
            {
                if (count > range.End - received.End)
                {
                    // Whatever this is, it is not what was asked for.
                    progress.Lost(received.End - range.Start);
                    received.End = range.Start;
                    throw new TransferException($"expected {range.Length} bytes, found more");
                }

                await part.WriteAsync(buffer.AsMemory(0, count), received.End);
                received.End += count;
                progress.Received(count);
                cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            part.Commit(range with { End = received.End });
        }

        if (received.End < range.End)
        {
            throw new TransferException($"expected {range.Length} bytes, found {received.End - range.Start}");
        }
    }

    private sealed class Received(long end)
    {
        public long End { get; set; } = end;
    }
}
