using System.Text;
using System.Text.Json;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Crescent.Text.Tokenizers.Training;
using Crescent.Training.Data;
using Crescent.Training.Layers;
using Crescent.Training.Models;
using Crescent.Training.Optimizers;
using Crescent.Training.Releases;
using Crescent.Training.Tests.Reference;

namespace Crescent.Training.Tests.Judging;

/// <summary>A tiny model that has learnt one conversation by heart, as a release.</summary>
public sealed class LearntModel : IDisposable
{
    private readonly ComputePool _pool = new(2);

    public LearntModel()
    {
        var text = string.Concat(Example.Conversation!.Tools.Select(tool => tool.Json.GetRawText())) + string.Join('\n', Example.Conversation.Messages.Select(message => message.Content));
        var trainer = new BpeTrainer();
        trainer.Add(Encoding.UTF8.GetBytes(text + text));
        RankFileWriter.Write(Path.Combine(Folder, "tokenizer"), trainer.Train(400));
        Tokenizer = TokenizerFactory.FromPath(Path.Combine(Folder, "tokenizer"), "kimi-k2");
        Encoder = new ExampleEncoder(Tokenizer, TemplateFactory.Create("kimi-k2"));
        var (ids, isLearnt) = (new List<int>(), new List<bool>());
        Encoder.Encode(Example, ids, isLearnt);
        var shape = TinyModels.Shape() with
        {
            Hidden = 64,
            Vocab = Tokenizer.VocabularySize,
            Attention = new MlaOptions(2, 32, 32, 16, 16, 16, 1 / MathF.Sqrt(32)),
            DenseWidth = 128,
            ExpertWidth = 32,
            SharedWidth = 32,
            RopeTheta = 10000,
            ContextLength = 1024,
        };
        Trained = new TrainingModel(shape, 1024, _pool);
        Trained.Initialize(1, 0.05f);
        Learn(Batch([.. ids], [.. isLearnt]));
        ReleaseWriter.Write(Trained, Release, ControlTokens.Of(Tokenizer), Path.Combine(Folder, "tokenizer"));
        Trained.RoundWeights();
        ReleaseWriter.Write(Trained, RoundedRelease, ControlTokens.Of(Tokenizer), Path.Combine(Folder, "tokenizer"));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("crescent-judge-").FullName;

    public string Release => Path.Combine(Folder, "release");

    /// <summary>The same weights, experts in INT4.</summary>
    public string RoundedRelease => Path.Combine(Folder, "int4");

    internal Tokenizer Tokenizer { get; }

    internal ExampleEncoder Encoder { get; }

    /// <summary>Its experts are rounded.</summary>
    internal TrainingModel Trained { get; }

    internal double LastLoss { get; private set; }

    internal static Example Example { get; } = Example.OfMessages(
        "trips:1",
        isHeldOut: true,
        [
            new ChatMessage("user", "A train to Lyon, please."),
            new ChatMessage("assistant", null) { ToolCalls = [new ToolCall("functions.find_train:0", "find_train", "{\"destination\": \"Lyon\", \"class\": \"first\"}")] },
            new ChatMessage("tool", "{\"leaves\": \"10:04\"}") { ToolCallId = "functions.find_train:0" },
            new ChatMessage("assistant", "It leaves at 10:04."),
        ],
        [
            Tool("""{"type":"function","function":{"name":"find_train","parameters":{"type":"object","properties":{"destination":{"type":"string"},"class":{"type":"string","enum":["first","second"]}},"required":["destination"]}}}"""),
            Tool("""{"type":"function","function":{"name":"get_time","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}"""),
        ]);

    internal static TrainingBatch Batch(int[] tokens, bool[] isLearnt) => new()
    {
        Tokens = tokens,
        Targets = [.. tokens.Select((_, i) => i + 1 < tokens.Length && isLearnt[i + 1] ? tokens[i + 1] : TrainingBatch.NoTarget)],
        RowLength = tokens.Length,
        Segments = [new AttentionSegment(0, tokens.Length)],
    };

    public void Dispose()
    {
        Trained.Dispose();
        _pool.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static ToolDefinition Tool(string json) => new(JsonElement.Parse(json));

    private void Learn(TrainingBatch batch)
    {
        using var optimizer = new MuonClip(Trained, new OptimizerOptions { WeightDecay = 0 });
        LastLoss = double.MaxValue;
        for (var step = 0; step < 300 && LastLoss > 0.01; step++)
        {
            Trained.ClearGradients();
            LastLoss = Trained.LossAndGradient(batch, 1f / batch.TargetCount, 0) / batch.TargetCount;
            optimizer.Step(0.01f);
        }
    }
}
