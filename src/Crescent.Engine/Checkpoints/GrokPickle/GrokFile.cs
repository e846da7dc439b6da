using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>One mapped file of the release. It owns the mapping; its tensor points into it until Dispose.</summary>
internal sealed class GrokFile : IDisposable
{
    private bool _disposed;

    private GrokFile(MappedFile mapped, GrokTensor tensor) => (Mapped, Tensor) = (mapped, tensor);

    public MappedFile Mapped { get; }

    public GrokTensor Tensor { get; }

    /// <exception cref="CheckpointException">The file is missing, damaged, or no pickle of one array or QuantizedWeight8bit.</exception>
    public static GrokFile Open(string path)
    {
        var mapped = FileMapping.Open(path, "a pickled array", "open it as a folder of them");
        try
        {
            return new GrokFile(mapped, Read(mapped));
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Mapped.Dispose();
        }
    }

    private static GrokTensor Read(MappedFile mapped) => PickleReader.Read(mapped.Path, mapped.Bytes) switch
    {
        NumpyArray { Array: { } array } => new GrokTensor(mapped.Path, array, Scales: null),
        PickledQuantizedWeight { Weight: { } weight, Scales: { } scales } => new GrokTensor(mapped.Path, weight, scales),
        var other => throw new CheckpointException($"{mapped.Path}: pickle: expected an array or a QuantizedWeight8bit, found {other}"),
    };
}
