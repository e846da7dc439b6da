using Crescent.Engine.Chat;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Kernels.Attention;
using Crescent.Server.Models;
using Crescent.Text.Templates;

namespace Crescent.Tests.Support;

/// <summary>The small model of stories, opened as a server opens models that are asked for.</summary>
internal sealed class OpenedModel : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly ChatEngine _engine;

    private OpenedModel(string name)
    {
        _checkpoint = Checkpoint.Open(Path);
        Model = ModelLoader.Load(_checkpoint, _checkpoint.Metadata, new ModelOptions { Threads = 1, KvType = KvType.F32, MaxBatchTokens = 64 }, out _);
        _engine = new ChatEngine(Model, _checkpoint.ReadTokenizer(_checkpoint.Metadata), TemplateFactory.Create("plain"), new ChatEngineOptions { Context = 128 });
        Served = new ServedModel { Name = name, Path = Path, Engine = _engine, Sampling = new SamplingOptions { Temperature = 0 }, Created = DateTimeOffset.UnixEpoch, Size = ModelsScene.ModelBytes, TrainedContext = ModelsScene.TrainedContext };
    }

    public static string Path => SharedData.Path("weights", "stories260K", "stories260K.gguf");

    public LanguageModel Model { get; }

    public ServedModel Served { get; }

    public bool IsDisposed { get; private set; }

    public static OpenedModel Open(string name) => new(name);

    public void Dispose()
    {
        _engine.Dispose();
        Model.Dispose();
        _checkpoint.Dispose();
        IsDisposed = true;
    }
}
