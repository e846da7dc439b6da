using System.Collections.ObjectModel;
using System.Globalization;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;
using Crescent.Kernels.Memory;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>
/// Grok-1 as xAI released it: a folder <c>ckpt-0</c> of numbered pickles without names or configuration. Sizes come from the arrays' shapes, the
/// constants from the release's code (xai-org/grok-1, run.py).
/// </summary>
public sealed class GrokCheckpoint : Checkpoint
{
    private const int TensorsBeforeLayers = 2;
    private const int TensorsPerLayer = 12;
    private const int HeadDim = 128;
    private const int Context = 8192;
    private const int ChosenExperts = 2;
    private const string TokenizerName = "tokenizer.model";

    private readonly GrokFolder _folder;
    private readonly HeldValues _held;

    private GrokCheckpoint(GrokFolder folder, HeldValues held, GgufMetadata metadata, Dictionary<string, CheckpointTensor> tensors)
    {
        (_folder, _held, Metadata) = (folder, held, metadata);
        Tensors = new ReadOnlyDictionary<string, CheckpointTensor>(tensors);
        Files = [.. folder.Tensors.Select(tensor => tensor.File)];
        TotalBytes = folder.TotalBytes;
    }

    public override string Path => _folder.Path;

    public override IReadOnlyList<string> Files { get; }

    public override long TotalBytes { get; }

    internal override IReadOnlyList<MappedFile> Mappings => _folder.Mappings;

    public override GgufMetadata Metadata { get; }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <param name="path">The folder <c>ckpt-0</c>, or the one that holds it.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged, holds anything but arrays, or has an unexpected shape.</exception>
    public static new GrokCheckpoint Open(string path)
    {
        var folder = GrokFolder.Open(path);
        var held = new HeldValues(path);
        try
        {
            var tensors = Map(folder, held);
            return new GrokCheckpoint(folder, held, Describe(folder, tensors), tensors);
        }
        catch
        {
            held.Dispose();
            folder.Dispose();
            throw;
        }
    }

    public override Tokenizer ReadTokenizer(GgufMetadata metadata)
    {
        var inside = System.IO.Path.Combine(_folder.Path, TokenizerName);
        var beside = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(_folder.Path)) ?? _folder.Path, TokenizerName);
        var file = File.Exists(inside) ? inside
            : File.Exists(beside) ? beside
            : throw new CheckpointException($"{_folder.Path}: expected the release's {TokenizerName} in or beside the folder, found none");
        try
        {
            return TokenizerFactory.FromPath(file);
        }
        catch (Exception exception) when (exception is TokenizerException or NotSupportedException)
        {
            throw new CheckpointException($"{file}: {FileText.Line(exception.Message)}", exception);
        }
    }

    public override void PopulateInBackground() => _folder.PopulateInBackground();

    public override void WaitUntilPopulated() => _folder.WaitUntilPopulated();

    protected override void Dispose(bool disposing)
    {
        _held.Dispose();
        _folder.Dispose();
    }

    /// <summary>The layer whose tensors come <paramref name="index"/>-th: JAX flattens dictionaries with their keys sorted as strings.</summary>
    internal static int[] LayerOrder(int layers) =>
        [.. Enumerable.Range(0, layers).OrderBy(layer => layer.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal)];

    private static Dictionary<string, CheckpointTensor> Map(GrokFolder folder, HeldValues held)
    {
        var map = new GrokTensorMap(folder, held);
        map.Vectors("token_embd.weight", 0, rank: 2);
        map.Vectors("output_norm.weight", 1, rank: 1);
        var order = LayerOrder(folder.Layers);
        for (var i = 0; i < folder.Layers; i++)
        {
            var (name, first) = ($"blk.{order[i]}", TensorsBeforeLayers + (i * TensorsPerLayer));
            map.Experts($"{name}.ffn_gate_exps.weight", first);
            map.Experts($"{name}.ffn_down_exps.weight", first + 1);
            map.Experts($"{name}.ffn_up_exps.weight", first + 2);
            map.Matrix($"{name}.attn_k.weight", first + 3);
            map.Matrix($"{name}.attn_output.weight", first + 4);
            map.Matrix($"{name}.attn_q.weight", first + 5);
            map.Matrix($"{name}.attn_v.weight", first + 6);
            map.Vectors($"{name}.attn_norm.weight", first + 7, rank: 1);
            map.Vectors($"{name}.attn_output_norm.weight", first + 8, rank: 1);
            map.Vectors($"{name}.ffn_norm.weight", first + 9, rank: 1);
            map.Vectors($"{name}.layer_output_norm.weight", first + 10, rank: 1);
            map.Router($"{name}.ffn_gate_inp.weight", first + 11);
        }

        return map.Tensors;
    }

    private static GgufMetadata Describe(GrokFolder folder, Dictionary<string, CheckpointTensor> tensors)
    {
        var (vocab, hidden) = (tensors["token_embd.weight"].Shape[0], tensors["token_embd.weight"].Shape[1]);
        var experts = tensors["blk.0.ffn_gate_exps.weight"].Shape;
        return new GgufMetadataBuilder()
            .Set("general.architecture", "grok")
            .Set("general.name", "Grok-1")
            .Set("grok.block_count", folder.Layers)
            .Set("grok.embedding_length", hidden)
            .Set("grok.vocab_size", vocab)
            .Set("grok.context_length", Context)
            .Set("grok.attention.head_count", Heads(folder, tensors["blk.0.attn_q.weight"]))
            .Set("grok.attention.head_count_kv", Heads(folder, tensors["blk.0.attn_k.weight"]))
            .Set("grok.attention.key_length", HeadDim)
            .Set("grok.attention.value_length", HeadDim)
            .Set("grok.attention.layer_norm_rms_epsilon", 1e-5)
            .Set("grok.rope.freq_base", 10000.0)
            .Set("grok.rope.dimension_count", HeadDim)
            .Set("grok.expert_count", experts[0])
            .Set("grok.expert_used_count", Math.Min(ChosenExperts, experts[0]))
            .Set("grok.expert_feed_forward_length", experts[1])
            .Set("grok.embedding_scale", Math.Sqrt(hidden))
            .Build(folder.Path);
    }

    private static long Heads(GrokFolder folder, CheckpointTensor tensor) =>
        tensor.Shape[0] % HeadDim == 0 && tensor.Shape[0] > 0
            ? tensor.Shape[0] / HeadDim
            : throw new CheckpointException($"{folder.Path}: {tensor.File}: expected heads of {HeadDim} values, found {tensor.Shape[0]} values");
}
