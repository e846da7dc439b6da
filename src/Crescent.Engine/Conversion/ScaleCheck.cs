using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Conversion;

/// <summary>Looks at a checkpoint's scales before anything is written: every one of a tensor decides over its type.</summary>
internal sealed class ScaleCheck(Checkpoint checkpoint, int threads, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
{
    private readonly long _total = checkpoint.Tensors.Values.Sum(ScaleBytes);
    private readonly Dictionary<string, bool> _known = [];
    private long _done;

    /// <inheritdoc cref="SplitScales.Fit"/>
    public bool Fit(CheckpointTensor tensor)
    {
        if (!_known.TryGetValue(tensor.Name, out var fits))
        {
            _known.Add(tensor.Name, fits = Look(tensor));
            _done += ScaleBytes(tensor);
            progress?.Report(new ConversionProgress(_done, _total));
        }

        return fits;
    }

    private bool Look(CheckpointTensor tensor)
    {
        var result = Parallel.ForEach(tensor.Parts, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, (part, state) =>
        {
            if (!SplitScales.Fit(tensor.DType, part.Scales))
            {
                state.Stop();
            }
        });
        return result.IsCompleted;
    }

    private static long ScaleBytes(CheckpointTensor tensor) => tensor.Parts.Sum(part => part.Scales.Length);
}
