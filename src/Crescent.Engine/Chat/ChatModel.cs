using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Text.Templates;

namespace Crescent.Engine.Chat;

/// <summary>A model opened from its files, with the engine that answers with it. Owns both.</summary>
public sealed class ChatModel : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly LanguageModel _model;

    private ChatModel(Checkpoint checkpoint, LanguageModel model, ChatEngine engine, SamplingOptions sampling)
    {
        (_checkpoint, _model, Engine, Sampling) = (checkpoint, model, engine, sampling);
        Name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(checkpoint.Path));
    }

    /// <summary>The name of its file or folder.</summary>
    public string Name { get; }

    public ChatEngine Engine { get; }

    /// <summary>Sampling that the model's makers recommend.</summary>
    public SamplingOptions Sampling { get; }

    /// <summary>Opens a GGUF file, or a folder as published. Weights are brought into memory when the first answer begins.</summary>
    /// <exception cref="CheckpointException">The files are incomplete, inconsistent, or of an unknown architecture.</exception>
    /// <exception cref="ArgumentException">No template is named so.</exception>
    public static ChatModel Open(string path, ChatModelOptions? options = null)
    {
        options ??= new ChatModelOptions();
        var checkpoint = Checkpoint.Open(path);
        LanguageModel? model = null;
        try
        {
            var metadata = checkpoint.Metadata;
            model = ModelOpening.LoadBeside(() => checkpoint.ReadTokenizer(metadata), () => ModelLoader.Load(checkpoint, metadata, options.Model, out _), out var tokenizer);
            ModelOpening.Check(path, tokenizer, model);
            var opened = model;
            model.BeforeFirstStep = () => ModelOpening.BringIntoMemory(checkpoint, opened, options.Model);
            _ = metadata.TryGetString("general.architecture", out var architecture);
            _ = metadata.TryGetString("general.name", out var name);
            var template = options.Template is { } asked ? TemplateFactory.Create(asked) : TemplateFactory.Detect(architecture, tokenizer, name);
            var context = options.Context > 0 ? options.Context : Math.Min(model.Shape.ContextLength, ChatModelOptions.StandardContext);
            var engine = new ChatEngine(model, tokenizer, template, new ChatEngineOptions { Context = context, Parallel = options.Parallel, Speculation = new SpeculationOptions() });
            return new ChatModel(checkpoint, model, engine, SamplingDefaults.For(metadata).Options);
        }
        catch
        {
            model?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Engine.Dispose();
        _model.Dispose();
        _checkpoint.Dispose();
    }
}
