using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Engine.Synthesis.Tokenizers;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>Writes a model's folder as the hub has it: configuration, tokenizer, safetensors.</summary>
internal static class SafetensorsModel
{
    private const long ShardBytes = 5_000_000_000;

    public static SynthResult Write(
        SynthRequest request, string path, Func<string, long> freeBytes, IProgress<SynthProgress>? progress, CancellationToken cancellationToken)
    {
        var options = request.Options;
        var writer = new SafetensorsWriter().Set("format", "pt");
        foreach (var tensor in request.Shape.PublishedTensors(request.Type, request.Layers, request.Vocabulary.Count, options.Seed))
        {
            writer.AddTensor(tensor.Name, tensor.Type, tensor.Shape, sink => tensor.Write(sink, options.Threads, cancellationToken));
        }

        (string, byte[])[] files =
        [
            ("config.json", ConfigFiles.Config(request.Shape, request.Type, request.Layers, request.Vocabulary)),
            ("generation_config.json", ConfigFiles.Generation(request.Vocabulary)),
            .. TokenizerFiles.Of(request.Vocabulary),
        ];
        return ModelFolder.Write(request, path, files, writer.TensorBytes, freeBytes, () => writer.Write(
            Path.Combine(path, "model.safetensors"),
            new SafetensorsWriterOptions { SplitBytes = options.SplitBytes ?? ShardBytes, FreeBytes = freeBytes },
            SynthRequest.Relay(progress, writer.TensorBytes),
            cancellationToken));
    }
}
