using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Server.Models;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Models;

public sealed class ModelRegistryTests
{
    private const string Story = ", there was a little girl";

    [Fact]
    public async Task Models_are_loaded_when_they_are_asked_for()
    {
        await using var scene = await ModelsScene.OpenAsync();
        Assert.All(scene.Registry.Models, model => Assert.Equal(ModelState.Unloaded, model.State));
        var both = await Task.WhenAll(scene.TellAsync("a"), scene.TellAsync("a"), scene.TellAsync("b"));
        Assert.All(both, text => Assert.StartsWith(Story[..8], text, StringComparison.Ordinal));
        Assert.Equal((1, 1, 0), (scene.Model("a").Loads, scene.Model("b").Loads, scene.Model("c").Loads));
        await scene.TellAsync("a");
        Assert.Equal(1, scene.Model("a").Loads);
    }

    [Fact]
    public async Task A_name_that_no_model_has_is_told_by_its_code()
    {
        await using var scene = await ModelsScene.OpenAsync();
        using var response = await scene.CompleteAsync("d");
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Equal("model_not_found", (await ErrorAsync(response)).Text("code"));
        await using var single = await ModelsScene.OpenAsync(names: "only");
        await single.TellAsync("whatever");
        Assert.True(single.IsLoaded("only"));
    }

    [Fact]
    public async Task A_model_leaves_some_time_after_its_last_request()
    {
        await using var scene = await ModelsScene.OpenAsync();
        await scene.TellAsync("a");
        scene.Time.Step(TimeSpan.FromMinutes(4));
        Assert.True(scene.IsLoaded("a"));
        await scene.TellAsync("a");
        scene.Time.Step(TimeSpan.FromMinutes(4));
        Assert.True(scene.IsLoaded("a"));
        Assert.Equal(scene.Time.GetUtcNow() + TimeSpan.FromMinutes(1), scene.Model("a").Expires);
        scene.Time.Step(TimeSpan.FromMinutes(1));
        await Wait.ForAsync(() => scene.Opened["a"][0].IsDisposed);
        Assert.False(scene.IsLoaded("a"));
        await scene.TellAsync("a");
        Assert.Equal(2, scene.Model("a").Loads);
    }

    [Fact]
    public async Task A_model_that_answers_stays_whatever_the_time()
    {
        await using var scene = await ModelsScene.OpenAsync();
        var (gate, answer) = await scene.OccupyAsync("a");
        scene.Time.Step(TimeSpan.FromHours(1));
        Assert.True(scene.IsLoaded("a"));
        gate.Set();
        await answer;
        Assert.True(scene.IsLoaded("a"));
        scene.Time.Step(TimeSpan.FromMinutes(5));
        await Wait.ForAsync(() => scene.Opened["a"][0].IsDisposed);
    }

    [Fact]
    public async Task The_least_recently_used_leaves_for_another()
    {
        await using var scene = await ModelsScene.OpenAsync(options => options with { MostBytes = 2 * ModelsScene.ModelBytes });
        foreach (var name in (string[])["a", "b", "a"])
        {
            scene.Time.Step(TimeSpan.FromSeconds(1));
            await scene.TellAsync(name);
        }

        await scene.TellAsync("c");
        Assert.Equal((true, false, true), (scene.IsLoaded("a"), scene.IsLoaded("b"), scene.IsLoaded("c")));
        Assert.True(scene.Opened["b"][0].IsDisposed);
        scene.Time.Step(TimeSpan.FromSeconds(1));
        await scene.TellAsync("b");
        Assert.Equal((false, true, true), (scene.IsLoaded("a"), scene.IsLoaded("b"), scene.IsLoaded("c")));
    }

    [Fact]
    public async Task A_newcomer_waits_for_running_answers_and_new_ones_wait_for_it()
    {
        await using var scene = await ModelsScene.OpenAsync(options => options with { MostBytes = ModelsScene.ModelBytes });
        var (gate, running) = await scene.OccupyAsync("a");
        var newcomer = scene.TellAsync("b");
        await Wait.ForAsync(() => scene.Model("b").State == ModelState.Loading && scene.Model("a").IsLeaving);
        var later = scene.TellAsync("a");
        Assert.Equal((1, 0), (scene.Model("a").Loads, scene.Model("b").Loads));
        gate.Set();
        await Task.WhenAll(running, newcomer, later);
        Assert.Equal((2, 1), (scene.Model("a").Loads, scene.Model("b").Loads));
        Assert.Equal((true, false), (scene.IsLoaded("a"), scene.IsLoaded("b")));
    }

    [Fact]
    public async Task A_newcomer_gives_up_when_there_is_no_room_in_time()
    {
        await using var scene = await ModelsScene.OpenAsync(options => options with { MostBytes = ModelsScene.ModelBytes });
        var (gate, running) = await scene.OccupyAsync("a");
        var newcomer = scene.CompleteAsync("b");
        await Wait.ForAsync(() => scene.Model("a").IsLeaving);
        scene.Time.Step(TimeSpan.FromMinutes(10));
        using var refused = await newcomer;
        Assert.Equal(503, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("queue_timeout", (await ErrorAsync(refused)).Text("code"));
        var again = scene.TellAsync("a");
        gate.Set();
        await Task.WhenAll(running, again);
        Assert.Equal((1, 0), (scene.Model("a").Loads, scene.Model("b").Loads));
    }

    [Fact]
    public async Task A_newcomer_whose_clients_have_gone_takes_nobodys_memory()
    {
        await using var scene = await ModelsScene.OpenAsync(options => options with { MostBytes = ModelsScene.ModelBytes });
        var (gate, running) = await scene.OccupyAsync("a");
        using var gone = new CancellationTokenSource();
        var newcomer = scene.Registry.UseAsync("b", gone.Token);
        await Wait.ForAsync(() => scene.Model("a").IsLeaving);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => newcomer);
        await Wait.ForAsync(() => !scene.Model("a").IsLeaving && scene.Model("b").State == ModelState.Unloaded);
        gate.Set();
        await running;
        Assert.True(scene.IsLoaded("a"));
    }

    [Fact]
    public async Task A_failure_to_load_is_told_and_the_next_request_tries_again()
    {
        await using var scene = await ModelsScene.OpenAsync();
        scene.OnLoad = _ => throw new InvalidDataException("shard 2 is missing");
        using (var failed = await scene.CompleteAsync("a"))
        {
            Assert.Equal(500, (int)failed.StatusCode);
            var error = await ErrorAsync(failed);
            Assert.Equal("model_load_failed", error.Text("code"));
            Assert.Contains("'a' could not be loaded: shard 2 is missing", error.Text("message"), StringComparison.Ordinal);
        }

        Assert.True((await scene.GetAsync("/v1/models/a")).GetProperty("status").GetProperty("failed").GetBoolean());
        scene.OnLoad = _ => throw new InsufficientMemoryException("12 GiB more are needed");
        using (var failed = await scene.CompleteAsync("a"))
        {
            Assert.Equal(503, (int)failed.StatusCode);
            Assert.NotNull(failed.Headers.RetryAfter);
        }

        scene.OnLoad = _ => { };
        await scene.TellAsync("a");
        Assert.Equal("""{"value":"loaded"}""", (await scene.GetAsync("/v1/models/a")).GetProperty("status").GetRawText());
    }

    [Fact]
    public async Task More_requests_than_may_wait_for_a_load_are_told_to_come_again()
    {
        await using var scene = await ModelsScene.OpenAsync(options => options with { MostWaiting = 1 });
        using var gate = new ManualResetEventSlim();
        scene.OnLoad = _ => gate.Wait();
        var first = scene.TellAsync("a");
        await Wait.ForAsync(() => scene.Model("a").State == ModelState.Loading);
        using var second = await scene.CompleteAsync("a");
        Assert.Equal(429, (int)second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
        gate.Set();
        await first;
    }

    [Fact]
    public async Task Stopping_lets_answers_end_and_refuses_those_that_wait()
    {
        await using var scene = await ModelsScene.OpenAsync(options => options with { MostBytes = 2 * ModelsScene.ModelBytes });
        var (firstGate, first) = await scene.OccupyAsync("a");
        var (secondGate, second) = await scene.OccupyAsync("b");
        var waiting = scene.Registry.UseAsync("c", TestContext.Current.CancellationToken);
        await Wait.ForAsync(() => scene.Model("c").State == ModelState.Loading);
        var stopping = scene.StopAsync();
        Assert.Equal(ChatFailure.Stopping, (await Assert.ThrowsAsync<ChatException>(() => waiting)).Failure);
        firstGate.Set();
        secondGate.Set();
        await stopping;
        Assert.All(await Task.WhenAll(first, second), text => Assert.StartsWith(Story[..8], text, StringComparison.Ordinal));
        Assert.Equal(ChatFailure.Stopping, (await Assert.ThrowsAsync<ChatException>(() => scene.Registry.UseAsync("a", TestContext.Current.CancellationToken))).Failure);
    }

    [Fact]
    public async Task Many_clients_of_more_models_than_fit_get_the_answers_of_one()
    {
        await using var scene = await ModelsScene.OpenAsync(options => options with { MostBytes = 2 * ModelsScene.ModelBytes, KeepAlive = TimeSpan.Zero }, "a", "b", "c", "d");
        var expected = await scene.TellAsync("a", 12);
        var random = new Random(3);
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => scene.TellAsync("abcd"[random.Next(4)].ToString(), 12)));
        Assert.All(answers, text => Assert.Equal(expected, text));
        await Wait.ForAsync(() => scene.Registry.Models.All(model => model.State == ModelState.Unloaded));
        Assert.Equal(61, scene.Registry.Models.Sum(model => model.Totals.Answers));
    }

    private static async Task<JsonElement> ErrorAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("error");
}
