using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

/// <summary>
/// Sixty-four clients at once, some of which go away in the middle: nobody gets another's token or loses one, and memory stays flat.
/// <c>CRESCENT_SOAK=600</c> runs it for ten minutes instead of seconds.
/// </summary>
public sealed class SoakTests
{
    private const string Path = "/v1/chat/completions";
    private const int Clients = 64;
    private const int UsualSeconds = 15;
    private const int Marks = 5;
    private const int DifferentAsks = 24;
    private const long HeapSlack = 16 << 20;
    private const long ResidentSlack = 64 << 20;

    private static TimeSpan Length =>
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("CRESCENT_SOAK"), CultureInfo.InvariantCulture, out var asked) ? asked : UsualSeconds);

    [Fact]
    public async Task Streams_and_aborts_of_many_clients_leave_every_answer_whole_and_memory_flat()
    {
        await using var scene = await ServerScene.OpenAsync("tiny-kimi-k2", "kimi-k2", options => options with { Context = 1024, Parallel = 8, Queue = Clients });
        var asks = Enumerable.Range(0, DifferentAsks).Select(i => ConstrainedAsk.Of(1000 + i, 0) is var ask && i % 2 == 0 ? ask.Json(stream: true) : Plain(i)).ToArray();
        var expected = new List<ChatOutcome>();
        foreach (var ask in asks)
        {
            expected.Add(ChatOutcome.Of(await scene.StreamAsync(Path, ask)));
        }

        Assert.Equal(DifferentAsks, expected.Distinct().Count());
        var tally = new Tally();
        using var end = new CancellationTokenSource(Length);
        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(() => AskOnAsync(client))).ToArray();
        var marks = await MarkAsync(tally, Task.WhenAll(clients));
        await Task.WhenAll(clients);
        await Wait.ForAsync(() => scene.Engine.Pending == 0 && scene.Engine.Status().Slots.All(slot => slot.Request is null));
        Assert.InRange(tally.Whole, DifferentAsks, long.MaxValue);
        Assert.InRange(tally.BrokenOff, 1, long.MaxValue);
        // What is made once is made before the second mark.
        Assert.InRange(marks[^1].Heap - marks[1].Heap, long.MinValue, HeapSlack);
        Assert.InRange(marks[^1].Resident - marks[1].Resident, long.MinValue, ResidentSlack);

        async Task AskOnAsync(int client)
        {
            var random = new Random(client);
            while (!end.IsCancellationRequested)
            {
                var i = random.Next(asks.Length);
                var most = random.Next(3) == 0 ? random.Next(0, 40) : int.MaxValue;
                await AskOnceAsync(scene, asks[i], expected[i], most, tally);
            }
        }
    }

    // Reads a stream to its end, or goes away after some chunks, which must be how the answer begins.
    private static async Task AskOnceAsync(ServerScene scene, string body, ChatOutcome expected, int most, Tally tally)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body) };
        using var response = await scene.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var chunks = new List<JsonElement>();
        var isWhole = false;
        while (!isWhole && chunks.Count < most && await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            isWhole = line == "data: [DONE]";
            if (!isWhole && line.StartsWith("data: ", StringComparison.Ordinal))
            {
                chunks.Add(JsonDocument.Parse(line["data: ".Length..]).RootElement);
            }
        }

        Assert.True(isWhole || chunks.Count == most, "expected [DONE] at the end of the stream, found none");
        var outcome = ChatOutcome.Of(chunks);
        if (isWhole)
        {
            Assert.Equal(expected, outcome);
        }
        else
        {
            Assert.StartsWith(outcome.Content, expected.Content, StringComparison.Ordinal);
            Assert.All(outcome.Calls.Zip(expected.Calls), pair => Assert.StartsWith(pair.First.Arguments, pair.Second.Arguments, StringComparison.Ordinal));
        }

        tally.Add(isWhole, chunks.Count);
    }

    private static async Task<List<(long Heap, long Resident)>> MarkAsync(Tally tally, Task ended)
    {
        var marks = new List<(long Heap, long Resident)>();
        for (var i = 0; i < Marks; i++)
        {
            await Task.WhenAny(ended, Task.Delay(Length / Marks * 0.99, TestContext.Current.CancellationToken));
            using var process = Process.GetCurrentProcess();
            marks.Add((GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64));
            TestContext.Current.SendDiagnosticMessage($"{tally}; heap {marks[^1].Heap / 1e6:F1} MB, resident {marks[^1].Resident / 1e6:F1} MB");
        }

        return marks;
    }

    private static string Plain(int i) =>
        $$"""{"messages":[{"role":"user","content":"Story number {{i}}"}],"temperature":{{i % 4 / 3}},"seed":{{i}},"max_tokens":{{40 + (i * 5)}},"stream":true}""";

    private sealed class Tally
    {
        private long _whole;
        private long _brokenOff;
        private long _chunks;

        public long Whole => Interlocked.Read(ref _whole);

        public long BrokenOff => Interlocked.Read(ref _brokenOff);

        public void Add(bool isWhole, int chunks)
        {
            Interlocked.Increment(ref isWhole ? ref _whole : ref _brokenOff);
            Interlocked.Add(ref _chunks, chunks);
        }

        public override string ToString() => $"{Whole} answers whole and as alone, {BrokenOff} broken off, {Interlocked.Read(ref _chunks)} chunks";
    }
}
