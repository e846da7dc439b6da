using System.Globalization;
using System.Text;
using Crescent.Cli.Hub;
using Xunit;

namespace Crescent.Tests.Hub;

/// <summary>Pulls from hubs and networks that break, lie, stall and change their minds.</summary>
public sealed class BrokenHubTests : IDisposable
{
    private const string Name = "model.gguf";

    private readonly PullScene _scene = new();

    public BrokenHubTests() => Hub.Files[Name] = TestHub.RandomBytes(5000);

    private TestHub Hub => _scene.Hub;

    public static TheoryData<string> Lies => ["length-short", "length-long", "range-elsewhere", "range-shorter", "range-of-more", "no-range", "longer", "shorter", "encoded", "not-a-range-unit"];

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_broken_connection_is_taken_up_at_the_byte_where_it_broke()
    {
        var broken = 0;
        Hub.Answer = request => request.Bytes?.Start == 2000 && broken++ == 0 ? Hub.File(request) with { CutAt = 321 } : null;
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Contains(Hub.FileRequests, request => request.Bytes == (2321, 3000));
        Assert.Contains(Hub.FileRequests, request => request.Headers.ContainsKey("If-Range"));
        Assert.Equal(6, Hub.FileRequests.Count);
    }

    [Fact]
    public async Task A_small_file_that_broke_off_goes_on_by_range()
    {
        Hub.Files[Name] = TestHub.RandomBytes(900);
        var broken = 0;
        Hub.Answer = request => request.IsListing || broken++ > 0 ? null : Hub.File(request) with { CutAt = 400 };
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Equal([null, (400, 900)], Hub.FileRequests.Select(request => request.Bytes));
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_told_once_costs_an_attempt(string lie)
    {
        var told = 0;
        Hub.Answer = request => request.Bytes?.Start == 1000 && told++ == 0 ? Lie(lie, request) : null;
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Contains($"{Name}: expected", _scene.Log, StringComparison.Ordinal);
        Assert.Single(_scene.Time.Waits);
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_told_always_ends_in_an_error(string lie)
    {
        Hub.Answer = request => request.Bytes is not null ? Lie(lie, request) : null;
        var message = await _scene.FailedAsync();
        Assert.StartsWith(Name + ": ", message, StringComparison.Ordinal);
        Assert.Contains("expected", message, StringComparison.Ordinal);
        Assert.Contains("found", message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_scene.ModelFolder, Name)));
        Assert.False(_scene.Stored!.Complete);
    }

    [Fact]
    public async Task Wrong_bytes_once_are_fetched_once_more()
    {
        var sent = 0;
        Hub.Answer = request => request.Bytes?.Start == 1000 && sent++ == 0 ? Wrong(request) : null;
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Equal(10, Hub.FileRequests.Count);
        Assert.Contains("fetching it once more", _scene.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "sha256:")]
    [InlineData(true, "git:")]
    public async Task Wrong_bytes_always_are_refused_and_deleted(bool small, string digest)
    {
        if (small)
        {
            Hub.Small.Add(Name);
        }

        Hub.Answer = request => request.Bytes?.Start == 1000 ? Wrong(request) : null;
        var message = await _scene.FailedAsync();
        Assert.Contains($"{Name}: expected {digest}", message, StringComparison.Ordinal);
        Assert.Equal([StoredModel.FileName], Directory.GetFiles(_scene.ModelFolder).Select(Path.GetFileName));
        Assert.Equal(10, Hub.FileRequests.Count);
    }

    [Fact]
    public async Task A_server_without_ranges_sends_the_file_whole()
    {
        Hub.ServesRanges = false;
        await _scene.PullAsync();
        _scene.HasAllFiles();
    }

    [Fact]
    public async Task A_server_without_ranges_that_breaks_off_begins_anew()
    {
        Hub.ServesRanges = false;
        var whole = 0;
        Hub.Answer = request => !request.IsListing && request.Bytes is null && whole++ == 0 ? Hub.File(request) with { CutAt = 4000 } : null;
        await _scene.PullAsync();
        _scene.HasAllFiles();
    }

    [Fact]
    public async Task Too_many_requests_are_answered_by_waiting_as_long_as_asked()
    {
        var refused = 0;
        Hub.Answer = request => request.IsListing || refused++ > 0 ? null : TestAnswer.Text(429).With("Retry-After", "77");
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Equal([TimeSpan.FromSeconds(77)], _scene.Time.Waits);
    }

    [Fact]
    public async Task Retry_after_may_be_a_date()
    {
        var refused = 0;
        var date = _scene.Time.Now.AddSeconds(90).ToString("R", CultureInfo.InvariantCulture);
        Hub.Answer = request => request.IsListing && refused++ == 0 ? TestAnswer.Text(503).With("Retry-After", date) : null;
        await _scene.PullAsync();
        Assert.Equal([TimeSpan.FromSeconds(90)], _scene.Time.Waits);
    }

    [Fact]
    public async Task A_pause_that_is_too_long_is_an_error()
    {
        Hub.Answer = _ => TestAnswer.Text(429).With("Retry-After", "7200");
        Assert.Contains("asks to come back in 120 minutes", await _scene.FailedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delays_double_with_jitter_up_to_a_limit_and_attempts_end()
    {
        _scene.Settings = _scene.Settings with { Attempts = 10 };
        Hub.Answer = _ => TestAnswer.Text(500);
        var message = await _scene.FailedAsync();
        Assert.Contains("answered 500", message, StringComparison.Ordinal);
        Assert.Contains("10 attempts", message, StringComparison.Ordinal);
        Assert.Equal(10, Hub.Requests.Count);
        var expected = new double[] { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
        Assert.Equal(expected.Length, _scene.Time.Waits.Count);
        Assert.All(_scene.Time.Waits.Zip(expected), pair => Assert.InRange(pair.First.TotalSeconds, pair.Second / 2, pair.Second));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        using (var gone = new TestHub())
        {
            _scene.Settings = _scene.Settings with { Attempts = 2, Endpoint = new Uri(gone.Url) };
        }

        Assert.Contains("127.0.0.1", await _scene.FailedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_stalls_is_given_up_and_taken_up_again()
    {
        var stalled = 0;
        Hub.Answer = request => request.Bytes?.Start == 3000 && stalled++ == 0 ? Hub.File(request) with { StallAt = 250 } : null;
        var pull = _scene.PullAsync();
        await OnlyStalledIsLeftAsync();
        _scene.Time.EndWatches();
        await pull;
        _scene.HasAllFiles();
        Assert.Contains("the server sent nothing for 420 s", _scene.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_changes_between_ranges_is_begun_anew(bool honoursIfRange)
    {
        using var old = new TestHub { Files = { [Name] = TestHub.RandomBytes(5000, seed: 9) }, HonoursIfRange = false };
        Hub.HonoursIfRange = honoursIfRange;
        // The first answers are of the content before the listed one.
        var answered = 0;
        Hub.Answer = request => !request.IsListing && Interlocked.Increment(ref answered) <= 2 ? old.File(request) : null;
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Contains("changed on the server", _scene.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("of the downloaded bytes", _scene.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changed_since_the_pull_before_is_begun_anew()
    {
        await InterruptAsync();
        var kept = Hub.Files[Name];
        // The same listing, so that only the validator tells.
        Hub.Answer = request => !request.IsListing ? Hub.File(request) is var answer && request.Headers.ContainsKey("If-Range")
            ? new TestAnswer(200, kept) { Headers = { ["ETag"] = "\"new\"" } }
            : answer.With("ETag", "\"new\"") : null;
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Contains("changed on the server", _scene.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_keeps_changing_is_an_error()
    {
        var count = 0;
        Hub.Answer = request => request.IsListing ? null : Hub.File(request).With("ETag", $"\"{Interlocked.Increment(ref count)}\"");
        Assert.Contains("the file changed on the server, and the download had to begin anew 8 times", await _scene.FailedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_pull_goes_on_where_it_stopped()
    {
        await InterruptAsync();
        Assert.False(_scene.Stored!.Complete);
        var before = Hub.FileRequests.Count;
        var result = await _scene.PullAsync();
        _scene.HasAllFiles();
        // Of the stalled range 250 bytes may have arrived.
        Assert.InRange(result.FetchedBytes, 750, 1000);
        var request = Assert.Single(Hub.FileRequests.Skip(before));
        Assert.Equal(4000, request.Bytes!.Value.End);
        Assert.True(request.Headers.ContainsKey("If-Range"));
    }

    [Fact]
    public async Task A_file_that_is_being_replaced_is_no_longer_vouched_for()
    {
        Hub.Files["m.safetensors"] = TestHub.RandomBytes(10);
        Hub.Files.Remove(Name);
        Hub.Files["config.json"] = TestHub.RandomBytes(5000);
        await _scene.PullAsync();
        Hub.Files["config.json"] = TestHub.RandomBytes(5000, seed: 2);
        Hub.Answer = request => request.IsListing ? null : TestAnswer.Text(404);
        await _scene.FailedAsync();
        Assert.False(_scene.Stored!.Complete);
        Assert.Equal(["m.safetensors"], _scene.Stored.Files.Select(file => file.Path));
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        Hub.Answer = request => request.IsListing ? null : TestAnswer.Redirect($"{Hub.Url}/{request.Path.TrimStart('/')}");
        Assert.Contains("more than 10 redirects", await _scene.FailedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    public async Task Redirects_to_other_protocols_are_refused(string location)
    {
        Hub.Answer = request => request.IsListing ? null : TestAnswer.Redirect(location);
        Assert.Contains("refused a redirect", await _scene.FailedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_names_write_nothing_outside()
    {
        Hub.Files["../../../../outside.txt"] = [1];
        Assert.Contains("refused file name", await _scene.FailedAsync(include: ["*"]), StringComparison.Ordinal);
        Assert.Empty(Hub.FileRequests);
        Assert.False(Directory.Exists(_scene.Home));
    }

    [Theory]
    [InlineData(404, "RevisionNotFound", null, "no revision 'main'")]
    [InlineData(404, null, null, "no such model")]
    [InlineData(401, "RepoNotFound", null, "set HF_TOKEN")]
    [InlineData(401, "RepoNotFound", "t", "HF_TOKEN is not valid")]
    [InlineData(403, "GatedRepo", "t", "access must be asked for at")]
    [InlineData(401, "GatedRepo", null, "then HF_TOKEN set")]
    [InlineData(403, null, null, "access denied (403)")]
    [InlineData(418, null, null, "found 418")]
    public async Task Refusals_say_what_to_do(int status, string? code, string? token, string expected)
    {
        _scene.Settings = _scene.Settings with { Token = token };
        foreach (var listing in new[] { true, false })
        {
            Hub.Answer = request => request.IsListing != listing ? null : code is null ? TestAnswer.Text(status) : TestAnswer.Text(status).With("X-Error-Code", code);
            var message = await _scene.FailedAsync();
            Assert.Contains(expected, message, StringComparison.Ordinal);
            Assert.StartsWith(TestHub.Id, message, StringComparison.Ordinal);
        }

        Assert.Empty(_scene.Time.Waits);
    }

    private TestAnswer Wrong(TestRequest request)
    {
        var answer = Hub.File(request);
        var bytes = answer.Body.ToArray();
        bytes[17] ^= 1;
        return answer with { Body = bytes };
    }

    private TestAnswer Lie(string lie, TestRequest request)
    {
        var answer = Hub.File(request);
        var (start, end) = request.Bytes!.Value;
        return lie switch
        {
            "length-short" => answer.With("Content-Length", $"{answer.Body.Length - 1}"),
            "length-long" => answer.With("Content-Length", $"{answer.Body.Length + 1}"),
            "range-elsewhere" => answer.With("Content-Range", $"bytes {start + 1}-{end}/5000"),
            "range-shorter" => answer.With("Content-Range", $"bytes {start}-{end - 2}/5000"),
            "range-of-more" => answer.With("Content-Range", $"bytes {start}-{end - 1}/5001"),
            "no-range" => answer with { Headers = [] },
            "longer" => answer with { Body = (byte[])[.. answer.Body.Span, 7], WithoutLength = true },
            "shorter" => answer with { Body = answer.Body[..10], WithoutLength = true },
            "encoded" => answer.With("Content-Encoding", "gzip"),
            _ => answer.With("Content-Range", $"pages {start}-{end - 1}/5000"),
        };
    }

    // Leaves a pull of which only bytes 3000..4000 are missing, the first 250 of them perhaps there.
    private async Task InterruptAsync()
    {
        using var interrupt = new CancellationTokenSource();
        Hub.Answer = request => request.Bytes?.Start == 3000 ? Hub.File(request) with { StallAt = 250 } : null;
        var pull = _scene.PullAsync(cancellation: interrupt.Token);
        await OnlyStalledIsLeftAsync();
        await interrupt.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        Hub.Answer = _ => null;
    }

    // The journal's title and four ranges.
    private async Task OnlyStalledIsLeftAsync()
    {
        await Hub.Stalled.Task.WaitAsync(PullScene.TestEnd);
        var journal = Path.Combine(_scene.ModelFolder, Name + ".part.journal");
        while (!File.Exists(journal) || Encoding.ASCII.GetString(ReadShared(journal)).Count(character => character == '\n') < 5)
        {
            PullScene.TestEnd.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
