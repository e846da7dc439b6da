using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Json;
using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Synthesis;
using Crescent.Kernels.Attention;
using Crescent.Server;
using Crescent.Server.Models;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using Xunit;

namespace Crescent.Tests.Support;

/// <summary>A server in memory over a small model.</summary>
internal sealed class ServerScene : IAsyncDisposable
{
    public const string ModelName = "tiny";

    private static readonly ApiKeyCredential s_key = new("none");

    private readonly Checkpoint _checkpoint;
    private readonly LanguageModel _model;
    private readonly CrescentServer _server;
    private readonly string? _written;

    private ServerScene(Checkpoint checkpoint, LanguageModel model, ChatEngine engine, CrescentServer server, string? written) =>
        (_checkpoint, _model, Engine, _server, _written) = (checkpoint, model, engine, server, written);

    public ChatEngine Engine { get; }

    public HttpClient Http { get; private init; } = null!;

    public ChatClient Chat => new(ModelName, s_key, ClientOptions);

    public EmbeddingClient Embeddings => new(ModelName, s_key, ClientOptions);

    private OpenAIClientOptions ClientOptions => new() { Endpoint = new Uri(Http.BaseAddress!, "v1"), Transport = new HttpClientPipelineTransport(Http), RetryPolicy = new ClientRetryPolicy(0) };

    /// <param name="name">A golden model, stories, or a synthetic model.</param>
    public static async Task<ServerScene> OpenAsync(
        string name = "stories", string template = "plain", Func<ChatEngineOptions, ChatEngineOptions>? engine = null, Func<ServerOptions, ServerOptions>? server = null, int models = 1)
    {
        var written = SynthPreset.TryGet(name, out var preset) ? Write(preset) : null;
        var path = written ?? (name == "stories" ? SharedData.Path("weights", "stories260K", "stories260K.gguf") : SharedData.Path("golden-models", $"{name}.gguf"));
        var checkpoint = Checkpoint.Open(path);
        var model = ModelLoader.Load(checkpoint, checkpoint.Metadata, new ModelOptions { Threads = 1, KvType = KvType.F32, MaxBatchTokens = 64 }, out _);
        var options = new ChatEngineOptions { Context = 128 };
        var chat = new ChatEngine(model, checkpoint.ReadTokenizer(checkpoint.Metadata), TemplateFactory.Create(template), engine?.Invoke(options) ?? options);
        var served = new ServedModel { Name = ModelName, Path = path, Engine = chat, Sampling = new SamplingOptions { Temperature = 0 }, Created = DateTimeOffset.UnixEpoch, Parameters = checkpoint.Tensors.Values.Sum(tensor => tensor.Count) };
        var registry = new ModelRegistry([.. Enumerable.Range(0, models).Select(i => i == 0 ? served : served with { Name = $"{ModelName}-{i}" })]);
        var limits = new ServerOptions();
        var host = new CrescentServer(registry, server?.Invoke(limits) ?? limits, host => host.UseTestServer());
        await host.StartAsync(TestContext.Current.CancellationToken);
        var test = (TestServer)host.Services.GetRequiredService<IServer>();
        return new ServerScene(checkpoint, model, chat, host, written) { Http = test.CreateClient() };
    }

    /// <summary>Holds the model's first step up until the gate is opened: nobody gets an answer before.</summary>
    public ManualResetEventSlim HoldFirstStep()
    {
        var gate = new ManualResetEventSlim();
        _model.BeforeFirstStep = gate.Wait;
        return gate;
    }

    public Tokenizer Tokenizer => Engine.Tokenizer;

    public async Task<HttpResponseMessage> PostAsync(string path, string body) =>
        await Http.PostAsync(path, new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

    /// <summary>The reply to a request that succeeds.</summary>
    public async Task<JsonElement> AskAsync(string path, string body)
    {
        using var response = await PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"expected success, found {(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<JsonElement> GetAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    /// <summary>The error of a request that fails with a status.</summary>
    public async Task<JsonElement> RefusedAsync(int status, string path, string body)
    {
        using var response = await PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)response.StatusCode == status, $"expected {status}, found {(int)response.StatusCode}: {text}");
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        return error;
    }

    /// <summary>The data of a stream's events, [DONE] not among them, after checking the frames.</summary>
    public async Task<List<JsonElement>> StreamAsync(string path, string body)
    {
        using var response = await PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"expected success, found {(int)response.StatusCode}: {text}");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        var frames = text[..^2].Split("\n\n").Where(frame => !frame.StartsWith(':')).ToArray();
        Assert.All(frames, frame => Assert.StartsWith("data: ", frame, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", frames[^1]);
        return [.. frames[..^1].Select(frame => JsonDocument.Parse(frame["data: ".Length..]).RootElement)];
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        Engine.Dispose();
        _model.Dispose();
        _checkpoint.Dispose();
        if (_written is not null)
        {
            Directory.Delete(Path.GetDirectoryName(_written)!, recursive: true);
        }
    }

    private static string Write(SynthPreset preset)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("crescent-server-").FullName, $"{preset.Name}.gguf");
        SynthModel.Write(preset, new SynthOptions(), path, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }
}
