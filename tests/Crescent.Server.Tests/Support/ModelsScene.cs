using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Crescent.Server;
using Crescent.Server.Models;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Crescent.Tests.Support;

/// <summary>A server in memory over models that are loaded when they are asked for: each takes 100 bytes as the registry counts.</summary>
internal sealed class ModelsScene : IAsyncDisposable
{
    public const long ModelBytes = 100;
    public const int TrainedContext = 512;

    private readonly CrescentServer _server;

    private ModelsScene(ModelRegistry registry, CrescentServer server) => (Registry, _server) = (registry, server);

    public SteppedTime Time { get; private init; } = null!;

    public ModelRegistry Registry { get; }

    public HttpClient Http { get; private init; } = null!;

    /// <summary>All that were ever loaded, by name.</summary>
    public ConcurrentDictionary<string, List<OpenedModel>> Opened { get; private init; } = null!;

    /// <summary>Run before a model is loaded; what it throws is why it cannot be.</summary>
    public Action<string> OnLoad { get; set; } = _ => { };

    public static async Task<ModelsScene> OpenAsync(Func<ModelRegistryOptions, ModelRegistryOptions>? change = null, params string[] names)
    {
        var time = new SteppedTime();
        var opened = new ConcurrentDictionary<string, List<OpenedModel>>();
        ModelsScene? scene = null;
        var options = new ModelRegistryOptions { Time = time };
        var sources = (names.Length > 0 ? names : ["a", "b", "c"]).Select(name => new ModelSource(
            new ModelFacts { Name = name, Path = OpenedModel.Path, Created = DateTimeOffset.UnixEpoch, Architecture = "llama", TrainedContext = TrainedContext, Size = ModelBytes },
            ModelBytes,
            () =>
            {
                scene!.OnLoad(name);
                var model = OpenedModel.Open(name);
                opened.GetOrAdd(name, _ => []).Add(model);
                return new LoadedModel(model.Served, model);
            }));
        var registry = new ModelRegistry([.. sources], change?.Invoke(options) ?? options);
        var host = new CrescentServer(registry, new ServerOptions(), host => host.UseTestServer());
        await host.StartAsync(TestContext.Current.CancellationToken);
        var test = (TestServer)host.Services.GetRequiredService<IServer>();
        scene = new ModelsScene(registry, host) { Http = test.CreateClient(), Time = time, Opened = opened };
        return scene;
    }

    public KnownModel Model(string name) => Registry.FindExactly(name);

    public bool IsLoaded(string name) => Model(name).State == ModelState.Loaded;

    /// <summary>The text that a model goes on with.</summary>
    public async Task<string> TellAsync(string model, int tokens = 8)
    {
        using var response = await CompleteAsync(model, tokens);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"expected success, found {(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("choices")[0].GetProperty("text").GetString()!;
    }

    public Task<HttpResponseMessage> CompleteAsync(string model, int tokens = 8) => PostAsync("/v1/completions", $$"""{"model":"{{model}}","prompt":"Once upon a time","max_tokens":{{tokens}}}""");

    public Task<HttpResponseMessage> PostAsync(string path, string body) =>
        Http.PostAsync(path, new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

    public async Task<JsonElement> AskAsync(string path, string body)
    {
        using var response = await PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"expected success, found {(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public Task<JsonElement> GetAsync(string path) => Http.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    /// <summary>Has a model whose first step waits until the gate is opened, and a request that waits for it.</summary>
    public async Task<(ManualResetEventSlim Gate, Task<string> Answer)> OccupyAsync(string name)
    {
        var gate = new ManualResetEventSlim();
        (await Registry.UseAsync(name, TestContext.Current.CancellationToken)).Dispose();
        Opened[name][^1].Model.BeforeFirstStep = gate.Wait;
        var answer = TellAsync(name);
        await Wait.ForAsync(() => Opened[name][^1].Served.Engine.Status().Slots.Any(slot => slot.Request is not null));
        return (gate, answer);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.StopAsync(TimeSpan.FromSeconds(10));
        await _server.DisposeAsync();
        await Registry.DisposeAsync();
        Assert.All(Opened.Values.SelectMany(models => models), model => Assert.True(model.IsDisposed));
    }

    public Task StopAsync() => _server.StopAsync(TimeSpan.FromSeconds(10));
}
