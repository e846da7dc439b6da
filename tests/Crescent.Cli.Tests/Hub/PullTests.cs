using Crescent.Cli.Hub;
using Xunit;

namespace Crescent.Tests.Hub;

/// <summary>Pulls from a hub that behaves.</summary>
public sealed class PullTests : IDisposable
{
    private readonly PullScene _scene = new();

    private TestHub Hub => _scene.Hub;

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_model_arrives_whole_and_is_described()
    {
        Hub.Files["config.json"] = "{}"u8.ToArray();
        Hub.Files["model.safetensors"] = TestHub.RandomBytes(10_500);
        Hub.Files["merges.txt"] = [];
        Hub.Small.UnionWith(["config.json", "merges.txt"]);
        var result = await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Equal((TestHub.Commit, 10_502), (result.Commit, result.FetchedBytes));
        Assert.Equal(
            ["config.json", "merges.txt", "model.safetensors"],
            _scene.Stored!.Files.Select(file => file.Path));
        Assert.Equal(_scene.Time.Now, _scene.Stored.Pulled);
    }

    [Fact]
    public async Task A_large_file_comes_in_ranges_that_cover_it_once()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(10_500);
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Equal(
            Enumerable.Range(0, 11).Select(i => (i * 1000L, Math.Min(10_500, (i + 1) * 1000L))),
            Hub.FileRequests.Select(request => request.Bytes!.Value).Order());
    }

    [Fact]
    public async Task What_is_there_is_not_fetched_again()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(3000);
        await _scene.PullAsync();
        var requests = Hub.FileRequests.Count;
        Assert.Equal(0, (await _scene.PullAsync()).FetchedBytes);
        Assert.Equal(requests, Hub.FileRequests.Count);
    }

    [Fact]
    public async Task A_file_that_the_description_does_not_vouch_for_is_hashed()
    {
        Hub.Files["config.json"] = TestHub.RandomBytes(50);
        Hub.Files["model.safetensors"] = TestHub.RandomBytes(3000);
        Hub.Small.Add("config.json");
        await _scene.PullAsync();
        File.Delete(Path.Combine(_scene.ModelFolder, StoredModel.FileName));
        var damaged = _scene.Read("model.safetensors");
        damaged[2000] ^= 1;
        File.WriteAllBytes(Path.Combine(_scene.ModelFolder, "model.safetensors"), damaged);
        Assert.Equal(3000, (await _scene.PullAsync()).FetchedBytes);
        _scene.HasAllFiles();
    }

    [Fact]
    public async Task A_new_commit_replaces_only_what_it_changed()
    {
        Hub.Files["config.json"] = TestHub.RandomBytes(500, seed: 1);
        Hub.Files["model.safetensors"] = TestHub.RandomBytes(3000);
        await _scene.PullAsync();
        Hub.Files["config.json"] = TestHub.RandomBytes(500, seed: 2);
        Hub.ListedCommit = new string('f', 40);
        Assert.Equal(500, (await _scene.PullAsync()).FetchedBytes);
        _scene.HasAllFiles();
        Assert.Equal(Hub.ListedCommit, _scene.Stored!.Commit);
    }

    [Fact]
    public async Task A_second_quant_joins_the_first()
    {
        Hub.Files["m-Q4_K_M.gguf"] = TestHub.RandomBytes(1500, seed: 1);
        Hub.Files["m-Q8_0.gguf"] = TestHub.RandomBytes(2500, seed: 2);
        await _scene.PullAsync(TestHub.Id + ":Q4_K_M");
        await _scene.PullAsync(TestHub.Id + ":q8_0");
        _scene.HasAllFiles();
        Assert.Equal(["Q4_K_M", "Q8_0"], ModelFormat.Quants(_scene.Stored));
    }

    [Fact]
    public async Task Names_are_escaped_on_their_way_and_folders_are_made()
    {
        Hub.Files["a #1 é%.gguf"] = TestHub.RandomBytes(10);
        await _scene.PullAsync();
        _scene.HasAllFiles();
    }

    [Fact]
    public async Task The_token_goes_to_the_hubs_own_host_only()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(3000);
        Hub.RedirectTo = Hub.OtherUrl;
        _scene.Settings = _scene.Settings with { Token = "hf_secret" };
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Contains(Hub.Requests, request => request.Host.StartsWith("localhost", StringComparison.Ordinal));
        Assert.All(Hub.Requests, request => Assert.Equal(
            request.Host.StartsWith("127.0.0.1", StringComparison.Ordinal) ? "Bearer hf_secret" : null, request.Headers.GetValueOrDefault("Authorization")));
        Assert.DoesNotContain("hf_secret", _scene.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_on_the_hubs_own_host_keeps_the_token_and_the_range()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(3000);
        Hub.RedirectTo = ""; // a path alone
        _scene.Settings = _scene.Settings with { Token = "hf_secret" };
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.All(Hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Headers["Authorization"]));
    }

    [Fact]
    public async Task An_address_that_expired_is_asked_of_the_hub_again()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(5000);
        Hub.RedirectTo = Hub.OtherUrl;
        _scene.Settings = _scene.Settings with { Connections = 1 };
        var asked = 0;
        Hub.Answer = request => request.Path.StartsWith("/cdn/", StringComparison.Ordinal) && ++asked == 3 ? TestAnswer.Text(403) : null;
        await _scene.PullAsync();
        _scene.HasAllFiles();
        Assert.Equal(2, Hub.FileRequests.Count(request => request.Path.Contains("/resolve/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Patterns_choose_other_files()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(10);
        Hub.Files["README.md"] = TestHub.RandomBytes(20);
        Assert.Equal(["README.md"], (await _scene.PullAsync(include: ["*.md"])).Files.Select(file => file.Path));
        Assert.False(File.Exists(Path.Combine(_scene.ModelFolder, "model.gguf")));
    }

    [Fact]
    public async Task A_full_drive_is_told_before_anything_is_fetched()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(3000);
        _scene.Settings = _scene.Settings with { FreeBytes = _ => (64L << 20) + 2999 };
        var message = await _scene.FailedAsync();
        Assert.Contains("free for it at", message, StringComparison.Ordinal);
        Assert.Contains("CRESCENT_HOME", message, StringComparison.Ordinal);
        Assert.Empty(Hub.FileRequests);
        _scene.Settings = _scene.Settings with { FreeBytes = _ => (64L << 20) + 3000 };
        await _scene.PullAsync();
    }

    [Fact]
    public async Task A_second_pull_waits_for_the_first_and_says_for_whom()
    {
        Hub.Files["model.gguf"] = TestHub.RandomBytes(10);
        var held = ModelLock.TryTake(_scene.Store, HubId.Parse(TestHub.Id), out _);
        var pull = _scene.PullAsync();
        while (_scene.Time.Waits.IsEmpty)
        {
            await Task.Yield();
        }

        Assert.False(pull.IsCompleted);
        Assert.Contains($"waiting for process {Environment.ProcessId}", _scene.Log, StringComparison.Ordinal);
        Assert.Empty(Hub.FileRequests);
        held!.Dispose();
        await pull;
        _scene.HasAllFiles();
    }
}
