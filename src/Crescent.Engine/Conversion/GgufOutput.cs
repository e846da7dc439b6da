using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>A conversion's GGUF files.</summary>
internal static class GgufOutput
{
    /// <summary>Metadata and tensors.</summary>
    /// <param name="isGguf">Whether the source's metadata are a GGUF file's.</param>
    public static GgufWriter Writer(Checkpoint checkpoint, ConversionOptions options, bool isGguf, IReadOnlyList<TargetTensor> tensors)
    {
        var writer = new GgufWriter();
        if (isGguf)
        {
            ModelMetadata.Copy(writer, checkpoint.Metadata, options.Type?.FileType);
        }
        else
        {
            ModelMetadata.Translate(writer, checkpoint, options.Type?.FileType ?? FileTypes.Of(LargestType(tensors)));
            if (options.WithoutTokenizer)
            {
                ModelVocabulary.WriteNone(writer);
            }
            else
            {
                ModelVocabulary.Write(writer, checkpoint);
            }
        }

        foreach (var tensor in tensors)
        {
            writer.AddTensor(tensor.Name, tensor.DType, tensor.Shape, sink => tensor.Write(new RowStream(options.Threads, CancellationToken.None), sink));
        }

        return writer;
    }

    public static IReadOnlyList<OutputFile> Files(GgufWriter writer, string path, IReadOnlyList<TargetTensor> tensors, int threads, long? splitBytes)
    {
        var byName = tensors.ToDictionary(tensor => tensor.Name);
        return [.. writer.Layout(path, splitBytes).Select(file => new OutputFile(file.Path, file.Header, [.. file.Tensors.Select(tensor => Piece(tensor, byName[tensor.Name], threads))]))];
    }

    private static OutputPiece Piece(GgufTensorLayout place, TargetTensor tensor, int threads) => new(place.Name, place.Bytes + place.Padding, (sink, cancellationToken) =>
    {
        tensor.Write(new RowStream(threads, cancellationToken), sink);
        sink(new byte[place.Padding]);
    });

    private static DType LargestType(IReadOnlyList<TargetTensor> tensors) =>
        tensors.GroupBy(tensor => tensor.DType).MaxBy(group => group.Sum(tensor => tensor.Bytes))!.Key;
}
