using Crescent.Cli;
using Crescent.Cli.Hub;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Hub;

/// <summary>A hub, an empty store, and a pull between them.</summary>
internal sealed class PullScene : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _error = new();

    public PullScene()
    {
        Store = new ModelStore(_folder["home"]);
        Settings = new HubSettings
        {
            Endpoint = new Uri(Hub.Url),
            RangeBytes = 1000,
            Connections = 4,
            Time = Time,
            StallTimeout = ManualTime.Stall,
            Random = new Random(1),
            FreeBytes = _ => long.MaxValue / 2,
        };
    }

    public TestHub Hub { get; } = new();

    public ManualTime Time { get; } = new();

    public ModelStore Store { get; }

    public HubSettings Settings { get; set; }

    public string Home => Store.Root;

    public string ModelFolder => Path.Combine(Home, "models", "some-org", "some-model");

    public string Log => _error.ToString();

    public StoredModel? Stored => StoredModel.TryRead(ModelFolder);

    public static CancellationToken TestEnd => TestContext.Current.CancellationToken;

    public Task<PullResult> PullAsync(string id = TestHub.Id, string[]? include = null, CancellationToken? cancellation = null) =>
        PullAsync(id, "main", include ?? [], cancellation ?? TestEnd);

    public async Task<string> FailedAsync(string id = TestHub.Id, string[]? include = null) =>
        (await Assert.ThrowsAsync<CommandFailedException>(() => PullAsync(id, include))).Message;

    public byte[] Read(string name) => File.ReadAllBytes(Path.Combine(ModelFolder, name));

    /// <summary>The files as published, and nothing of an unfinished download.</summary>
    public void HasAllFiles()
    {
        Assert.All(Hub.Files, file => Assert.Equal(file.Value, Read(file.Key)));
        Assert.Empty(Directory.GetFiles(ModelFolder, "*.part*", SearchOption.AllDirectories));
        Assert.True(Stored is { Complete: true });
    }

    public void Dispose()
    {
        Hub.Dispose();
        _folder.Dispose();
        _error.Dispose();
    }

    private async Task<PullResult> PullAsync(string id, string revision, string[] include, CancellationToken cancellation)
    {
        var terminal = new Terminal { In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Synchronized(_error), OpenInput = () => Stream.Null, Verbose = true };
        using var client = new HubClient(Settings);
        return await new Pull(client, Store, terminal).RunAsync(HubId.Parse(id), revision, include, cancellation);
    }
}
