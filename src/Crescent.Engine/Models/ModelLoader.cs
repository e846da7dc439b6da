using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Experts;
using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Baichuan;
using Crescent.Engine.Models.DeepSeek2;
using Crescent.Engine.Models.GptOss;
using Crescent.Engine.Models.Grok;
using Crescent.Engine.Models.KimiLinear;
using Crescent.Engine.Models.Llama;
using Crescent.Engine.Models.Qwen2;
using Crescent.Engine.Models.Qwen3;
using Crescent.Engine.Models.Qwen3Moe;
using Crescent.Engine.Weights;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Processors;

namespace Crescent.Engine.Models;

/// <summary>Builds the model that a checkpoint's architecture names.</summary>
public static class ModelLoader
{
    // Adding a model: one folder, one line.
    private static readonly Dictionary<string, Func<ModelBuilder, ModelParts>> s_architectures = new(StringComparer.Ordinal)
    {
        ["llama"] = LlamaModel.Build,
        ["mistral3"] = LlamaModel.Build,
        ["deepseek2"] = DeepSeek2Model.Build,
        ["grok"] = GrokModel.Build,
        ["qwen2"] = Qwen2Model.Build,
        ["qwen3"] = Qwen3Model.Build,
        ["qwen3moe"] = Qwen3MoeModel.Build,
        ["gpt-oss"] = GptOssModel.Build,
        ["baichuan"] = BaichuanModel.Build,
        ["kimi-linear"] = KimiLinearModel.Build,
    };

    /// <summary>Names of the architectures that can be run.</summary>
    public static IReadOnlyCollection<string> Architectures => s_architectures.Keys;

    /// <summary>Loads a model over a mapped checkpoint, which must outlive it.</summary>
    /// <param name="metadata">The checkpoint's metadata, overrides applied.</param>
    /// <param name="notes">Decisions worth telling the user.</param>
    /// <exception cref="CheckpointException">The checkpoint is incomplete, inconsistent or of an unknown architecture.</exception>
    public static LanguageModel Load(Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options, out IReadOnlyList<string> notes)
    {
        if (!metadata.TryGetString("general.architecture", out var architecture))
        {
            throw new CheckpointException($"{checkpoint.Path}: expected metadata key 'general.architecture', found none");
        }

        if (!s_architectures.TryGetValue(architecture, out var build))
        {
            throw new CheckpointException(
                $"{checkpoint.Path}: unknown architecture '{architecture}'; supported: {string.Join(", ", s_architectures.Keys)}");
        }

        var threads = ProcessorLayout.ThreadsOrDefault(options.Threads);
        var recoder = options.ResidentType is { } type ? new ResidentRecoder(type, options.Isa, threads) : null;
        try
        {
            return Load(checkpoint, metadata, options, architecture, build, recoder, out notes);
        }
        catch
        {
            recoder?.Dispose();
            throw;
        }
    }

    private static LanguageModel Load(
        Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options, string architecture, Func<ModelBuilder, ModelParts> build, ResidentRecoder? recoder, out IReadOnlyList<string> notes)
    {
        var tensors = new TensorSource(checkpoint.Tensors, checkpoint.Path, options.Isa, recoder);
        var copies = options is { Streaming: not null, Lossy.CopiesPath: { } path } ? LowPrecisionCopies.Open(path, metadata, tensors, options.Isa) : null;
        ExpertStore? store = null;
        try
        {
            store = options.Streaming is { } streaming ? new ExpertStore(checkpoint, streaming with { Isa = options.Isa }, copies?.Checkpoint) : null;
            var before = NativeAllocations.Bytes;
            var recoded = recoder?.Bytes ?? 0;
            var builder = new ModelBuilder(new GgufConfig(metadata, architecture, checkpoint.Path), tensors, options) { HasPermutedLlamaHeads = checkpoint.HasPermutedLlamaHeads, Store = store, Copies = copies?.Tensors };
            var parts = build(builder);
            notes = recoder is null ? parts.Notes : [.. parts.Notes, $"recoded to {options.ResidentType} while loading: {recoder.Bytes / 1e6:F0} MB of weights that every token needs"];
            var state = new ForwardState(options, parts.Shape.Hidden, parts.Rope, new KvCacheLayout(parts.Cache, options.KvType));
            var mover = new WeightMover(tensors.Groups, options.Activations == ActivationType.Int8, options.SmallestPackedBytes, movesAll: store is not null);
            var scratch = NativeAllocations.Bytes - before - ((recoder?.Bytes ?? 0) - recoded);
            return new LanguageModel(parts, state, mover, recoder, store is null ? null : Stream(checkpoint, parts, store, scratch / options.MaxBatchTokens, copies))
            {
                Budget = options.MemoryLimit is { } limit ? new MemoryBudget(limit) { LeastOthers = Environment.WorkingSet + checkpoint.TotalBytes + (recoder?.Bytes ?? 0) } : null,
                Matrices = tensors.Matrices,
                ResidentWeights = tensors.Groups.Sum(group => group.Matrices.Sum(matrix => (long)matrix.Rows * matrix.Columns)),
            };
        }
        catch
        {
            store?.Dispose();
            copies?.Dispose();
            throw;
        }
    }

    private static StreamedModel Stream(Checkpoint checkpoint, ModelParts parts, ExpertStore store, long scratchRowBytes, LowPrecisionCopies? copies)
    {
        var table = checkpoint.Tensors["token_embd.weight"];
        return new StreamedModel(store, new EmbeddingRows(RowFile.Open(table, checkpoint.Mappings, parts.Shape.Hidden), parts.Embedding), scratchRowBytes, copies);
    }
}
