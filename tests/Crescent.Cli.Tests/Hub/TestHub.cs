using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Crescent.Tests.Hub;

/// <summary>
/// A hub on a loopback port, as huggingface.co answers: a listing, files by redirect from <c>/org/name/resolve</c> to <c>/cdn</c> on another host name where
/// asked to. A test puts its own answer before any of them.
/// </summary>
internal sealed class TestHub : IDisposable
{
    public const string Id = "some-org/some-model";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<TestRequest> _requests = new();

    public TestHub()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>The same server by another name: another host to a client.</summary>
    public string OtherUrl => $"http://localhost:{Port}";

    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Files named here are listed with git's blob id rather than a sha256.</summary>
    public HashSet<string> Small { get; } = [];

    public string ListedCommit { get; set; } = Commit;

    /// <summary>Files come by a redirect to this address.</summary>
    public string? RedirectTo { get; set; }

    public bool ServesRanges { get; set; } = true;

    public bool HonoursIfRange { get; set; } = true;

    /// <summary>A test's own answer; null leaves it to the hub.</summary>
    public Func<TestRequest, TestAnswer?> Answer { get; set; } = _ => null;

    public IReadOnlyList<TestRequest> Requests => [.. _requests];

    /// <summary>Requests for the bytes of files.</summary>
    public IReadOnlyList<TestRequest> FileRequests => [.. _requests.Where(request => !request.IsListing)];

    /// <summary>Completed once an answer has stalled.</summary>
    public TaskCompletionSource Stalled { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static byte[] RandomBytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The hub's own answer for a file: whole, or the range that was asked for.</summary>
    public TestAnswer File(TestRequest request)
    {
        if (!Files.TryGetValue(request.File, out var bytes))
        {
            return TestAnswer.Text(404).With("X-Error-Code", "EntryNotFound");
        }

        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"";
        var changed = HonoursIfRange && request.Headers.TryGetValue("If-Range", out var condition) && condition != tag;
        if (request.Bytes is not { } range || !ServesRanges || changed)
        {
            return new TestAnswer(200, bytes) { Headers = { ["ETag"] = tag } };
        }

        return range.Start >= bytes.Length
            ? new TestAnswer(416, default)
            : new TestAnswer(206, bytes.AsMemory((int)range.Start, (int)(Math.Min(range.End, bytes.Length) - range.Start)))
            {
                Headers = { ["ETag"] = tag, ["Content-Range"] = $"bytes {range.Start}-{Math.Min(range.End, bytes.Length) - 1}/{bytes.Length}" },
            };
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (await ReadRequestAsync(stream) is { } request)
                {
                    _requests.Enqueue(request);
                    await WriteAsync(stream, Answer(request) ?? OwnAnswer(request));
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The client went away, or the test is over.
            }
        }
    }

    private async Task WriteAsync(NetworkStream stream, TestAnswer answer)
    {
        await stream.WriteAsync(answer.Head(), _stop.Token);
        await stream.WriteAsync(answer.Body[..(answer.CutAt ?? answer.StallAt ?? answer.Body.Length)], _stop.Token);
        if (answer.StallAt is not null)
        {
            Stalled.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _stop.Token);
        }
    }

    private TestAnswer OwnAnswer(TestRequest request)
    {
        if (request.IsListing)
        {
            return request.Path.StartsWith($"/api/models/{Id}/revision/", StringComparison.Ordinal) ? Listing() : TestAnswer.Text(404).With("X-Error-Code", "RepoNotFound");
        }

        return RedirectTo is { } host && !request.Path.StartsWith("/cdn/", StringComparison.Ordinal)
            ? TestAnswer.Redirect($"{host}/cdn/{Uri.EscapeDataString(request.File)}")
            : File(request);
    }

    private TestAnswer Listing()
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("id", Id);
            writer.WriteString("sha", ListedCommit);
            writer.WriteStartArray("siblings");
            foreach (var (name, bytes) in Files)
            {
                writer.WriteStartObject();
                writer.WriteString("rfilename", name);
                writer.WriteNumber("size", bytes.Length);
                writer.WriteString("blobId", BlobId(bytes));
                if (!Small.Contains(name))
                {
                    writer.WriteStartObject("lfs");
                    writer.WriteString("sha256", Convert.ToHexStringLower(SHA256.HashData(bytes)));
                    writer.WriteNumber("size", bytes.Length);
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return new TestAnswer(200, json.ToArray());
    }

    private static string BlobId(byte[] bytes)
    {
#pragma warning disable CA5350 // Git's own.
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {bytes.Length}\0"), .. bytes]));
#pragma warning restore CA5350
    }

    private async Task<TestRequest?> ReadRequestAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (bytes.Count < 16384 && await stream.ReadAsync(one, _stop.Token) == 1)
        {
            bytes.Add(one[0]);
            if (bytes is [.., 13, 10, 13, 10])
            {
                var lines = Encoding.ASCII.GetString([.. bytes]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
                var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
                return new TestRequest(headers["Host"], lines[0].Split(' ')[1].Split('?')[0], headers);
            }
        }

        return null;
    }
}
